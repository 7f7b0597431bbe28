"""``unifocal parity`` of all that is installed.

Each framework answers in a process of its own (``replies``); the answers are collected and judged (``run``), and printed (``report``).
"""
