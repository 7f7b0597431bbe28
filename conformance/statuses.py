"""The commands' exit statuses."""

AGREES, DISAGREES = 0, 1
UNUSABLE = 2
"""The question cannot be answered."""
