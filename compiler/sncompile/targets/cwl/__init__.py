"""CWL v1.2: a workflow with a tool for each family, and an object that holds what varies."""
