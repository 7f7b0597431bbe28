"""Dialects beside their originals."""
