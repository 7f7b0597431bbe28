"""Anyone's own function beside an original or a record: ``parity --function``, ``record --function`` and ``assert_parity``.

What a function takes (``signed``), how it is called (``subjects``), on whose inputs (``own_inputs``); the calls that it is held to
(``reference``), and how far its answers are from theirs (``comparison``); what is likely wrong with it (``guesses``); and how all of this
is told (``assertions``, ``report``).
"""
