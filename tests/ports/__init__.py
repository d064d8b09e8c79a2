"""Public workflows written anew in the language, held against the originals."""
