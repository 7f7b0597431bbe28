"""How far values and derivatives are from the truth, in every format and mode, and whether faults are noticed."""
