"""Side-by-side speed and memory: ``python -m benchmarks`` from the checkout; ``--short`` for every day, ``--help`` for the choices.

A *row* (:mod:`.rows`) is one loss in one framework and mode against one peer.  Each row runs in a process of its own (:mod:`.worker`,
started by :mod:`.session`); its module in ``contestants/`` makes the contestants, which must agree before they are timed.
"""
