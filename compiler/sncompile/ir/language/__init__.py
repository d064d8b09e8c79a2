"""The plain values of expressions: their types, functions, operators, numbers as written, and texts in paths."""
