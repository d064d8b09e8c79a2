"""Pictures of a graph: what is drawn, apart from the forms in which it is drawn."""
