"""What is right, and how far from it a result may be.

The losses in 50 digits, derived apart from the formulas (``oracle``); unifocal's own functions on numbers of 50 digits, for any convention
(``exact``); what any formula owes its callers (``contract``); distances in ulp (``ulp``); and the bars, all of them (``tolerances``).
"""
