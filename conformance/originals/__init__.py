"""What the frameworks' own functions, and their documentation, say of the losses.

The documented examples with their printed figures (``documented``), the functions that they are of (``functions``) and their truth
(``example_truth``); the dialects beside their originals' recorded answers (``golden``), and the command that records these (``recording``).
"""
