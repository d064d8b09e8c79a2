"""Names of what sncompile keeps beside emitted files and beside data."""

from __future__ import annotations

MANIFEST = ".sncompile.json"
"""Lists what sncompile wrote to a folder; nothing else has a file of this name."""

OWN_FOLDER = ".sncompile"
"""Holds what sncompile keeps beside the data, in any folder."""

CALLER = "call.py"
"""The module file that calls a Python function, which is its first argument."""

FILE_CALLER = "call_file.py"
"""The module file that calls a function of a Python file beside a module."""
