"""What a path leads to: whether two of them are one file, and what lies inside what, however they are spelled.

`system.py` is what is asked of the operating system, and can be replaced; `folding.py` knows volumes that take several
spellings for one name; `identity.py` answers.
"""
