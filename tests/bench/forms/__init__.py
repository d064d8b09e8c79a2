"""Other ways to come to a workflow from the same tasks, each a program of its own that is measured as a whole."""
