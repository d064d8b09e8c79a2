"""Calls a Python function with the ports and parameters of a job: `call.py PACKAGE.MODULE:FUNCTION JSON`.

In place of the JSON object, `@FILE` names a file with it, as arguments have a limit of length.
"""

import importlib
import json
import sys
from pathlib import Path


def main(target: str, arguments: str) -> None:
    """Import the function, working folder first, and call it with the members of the JSON object as keywords."""
    sys.path.insert(0, str(Path.cwd()))
    module, _, function = target.partition(":")
    if arguments.startswith("@"):
        arguments = Path(arguments[1:]).read_text("utf-8", "surrogateescape")
    getattr(importlib.import_module(module), function)(**json.loads(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
