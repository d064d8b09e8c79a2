"""Graph → a target's own model → files."""
