"""Losses as modules, layers and Keras losses."""
