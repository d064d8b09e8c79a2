"""Looks at files that URLs name: whether they are there, and by what they are known again."""
