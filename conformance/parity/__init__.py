"""``unifocal parity`` of all that is installed.

Each framework replies to questions in a process of its own (``replies``, ``columns``); what it says is judged (``verdicts``), and printed
(``report``).
"""
