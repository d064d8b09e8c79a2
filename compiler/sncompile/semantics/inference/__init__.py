"""Values that are read off the tables, and what must hold of them."""
