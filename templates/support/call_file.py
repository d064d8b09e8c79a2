"""Calls a function of a Python file with the ports and parameters of a job: `call_file.py FILE FUNCTION JSON`.

In place of the JSON object, `@FILE` names a file with it, as arguments have a limit of length.
"""

import importlib.util
import json
import sys
from pathlib import Path


def main(file: str, function: str, arguments: str) -> None:
    """Import the file, working folder first, and call its function with the members of the JSON object as keywords."""
    sys.path.insert(0, str(Path.cwd()))
    if arguments.startswith("@"):
        arguments = Path(arguments[1:]).read_text("utf-8", "surrogateescape")
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    getattr(module, function)(**json.loads(arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
