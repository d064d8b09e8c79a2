"""SN1xx, second half: an expression cannot be read."""

from sncompile.diagnostics import Fault

SYNTAX = Fault(
    "SN151",
    "not an expression",
    "`${…}` holds a small subset of Python's expression syntax: names, attributes, indexing, literals,\n"
    "comparison, `and`/`or`/`not`, `x if c else y`, arithmetic and a fixed list of functions.",
)
UNCLOSED = Fault("SN152", "`${` is not closed", "Close the expression with `}`. A literal `${` is written `$${`.")
NOT_ALLOWED = Fault(
    "SN153",
    "a construct that expressions do not have",
    "Expressions have no methods, comprehensions, slices, lambdas or f-strings: they must be readable by every\n"
    "target and computed without running code. Use a table's column, or compute it in the tool.",
)
TOO_COMPLEX = Fault(
    "SN154", "an expression is too large", "An expression may have 2,000 characters and nest 40 levels."
)
