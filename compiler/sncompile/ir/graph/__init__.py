"""The graph of families, what a family is made of, and what is said of it: edges, text, invariants."""
