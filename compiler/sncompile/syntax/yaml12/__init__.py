"""YAML 1.2, whole: a parser for what the fast one refuses (decision 0054)."""
