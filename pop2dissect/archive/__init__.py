"""Archives: captures read one by one, in any order, by any number of workers, for what matters in them.

The other half, from the packets of all captures to the result, is the same as ever (:mod:`pop2dissect.pipeline`).
"""
