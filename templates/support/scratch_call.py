"""Calls a Python function in a scratch folder: `scratch_call.py PACKAGE.MODULE:FUNCTION --home FOLDER NAMES JSON`.

As `call.py` does elsewhere. NAMES, with commas between them, are the arguments that are paths: they start at FOLDER,
and those with an `@` before them in the scratch folder itself. `--notebook IN OUT`, before the JSON object: the
function is papermill's, and takes the arguments as the parameters of a notebook.
"""

import importlib
import json
import os
import sys
from pathlib import Path


def main(target: str, _: str, home: str, names: str, *rest: str) -> None:
    """Import the function, the folder first, and call it with the members of the JSON object as keywords."""
    options, text = rest[:-1], rest[-1]
    if text.startswith("@"):
        text = Path(text[1:]).read_text("utf-8", "surrogateescape")
    arguments = json.loads(text)
    for name in filter(None, names.split(",")):
        plain, folder = name.removeprefix("@"), os.getcwd() if name.startswith("@") else home
        if plain in arguments:
            arguments[plain] = absolute(arguments[plain], folder)
    sys.path.insert(0, home)
    module, _, function = target.partition(":")
    if options:
        arguments = {"input_path": options[1], "output_path": options[2], "parameters": arguments}
    getattr(importlib.import_module(module), function)(**arguments)


def absolute(paths: str | list[str], folder: str) -> str | list[str]:
    """One path or several, as seen from a folder."""
    if isinstance(paths, str):
        return paths if "://" in paths else os.path.join(folder, paths)
    return [os.path.join(folder, path) for path in paths]


if __name__ == "__main__":
    main(*sys.argv[1:])
