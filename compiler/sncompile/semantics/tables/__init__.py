"""Tables: what they are, how they are read and listed, and their keys."""
