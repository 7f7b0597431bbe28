"""Losses as each ecosystem's own modules: ``unifocal.nn.torch``, ``unifocal.nn.paddle`` and ``unifocal.nn.keras``.

Each imports its framework; this package does not.
"""
