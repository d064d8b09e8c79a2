"""Calls a Python function with the ports and parameters of a job: `call.py PACKAGE.MODULE:FUNCTION JSON`."""

import importlib
import json
import sys
from pathlib import Path


def main(target: str, arguments: str) -> None:
    """Import the function, working folder first, and call it with the members of the JSON object as keywords."""
    sys.path.insert(0, str(Path.cwd()))
    module, _, function = target.partition(":")
    getattr(importlib.import_module(module), function)(**json.loads(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
