"""Names of what sncompile keeps beside emitted files and beside data."""

from __future__ import annotations

MANIFEST = ".sncompile.json"
"""Lists what sncompile wrote to a folder; nothing else has a file of this name."""

OWN_FOLDER = ".sncompile"
"""Holds what sncompile keeps beside the data, in any folder."""

SCRATCH = "scratch.sh"
"""The module file that runs a command in a scratch folder."""

PARTS = "parts.sh"
"""The module file that looks for parts of directories after a command."""

CALLER = "call.py"
"""The module file that calls a Python function, which is its first argument."""

SCRATCH_CALLER = "scratch_call.py"
"""The same in a scratch folder; a file of its own, as the content of `call.py` is in the digests of other jobs."""

CALLERS = (CALLER, SCRATCH_CALLER)
FILE_CALLER = "call_file.py"
"""The module file that calls a function of a Python file beside a module."""
