"""Calls a Python function with the ports and parameters of a job: `call.py PACKAGE.MODULE:FUNCTION JSON`.

In place of the JSON object, `@FILE` names a file with it, as arguments have a limit of length.

`--home FOLDER NAMES`, before the JSON object: it runs in a scratch folder, and NAMES, with commas between them, are
arguments whose paths start at FOLDER; those with an `@` before them lie in the scratch folder itself. `--notebook IN
OUT`: the function is papermill's, and takes the arguments as the parameters of a notebook.
"""

import importlib
import json
import os
import sys
from pathlib import Path


def main(target: str, *rest: str) -> None:
    """Import the function, working folder first, and call it with the members of the JSON object as keywords."""
    options, text = rest[:-1], rest[-1]
    if text.startswith("@"):
        text = Path(text[1:]).read_text("utf-8", "surrogateescape")
    arguments, home = json.loads(text), str(Path.cwd())
    if options[:1] == ("--home",):
        home, names, options = options[1], options[2], options[3:]
        for name in filter(None, names.split(",")):
            folder = os.getcwd() if name.startswith("@") else home
            if name.lstrip("@") in arguments:
                arguments[name.lstrip("@")] = absolute(arguments[name.lstrip("@")], folder)
    sys.path.insert(0, home)
    module, _, function = target.partition(":")
    if options[:1] == ("--notebook",):
        arguments = {"input_path": options[1], "output_path": options[2], "parameters": arguments}
    getattr(importlib.import_module(module), function)(**arguments)


def absolute(paths: str | list[str], folder: str) -> str | list[str]:
    """One path or several, as seen from a folder."""
    if isinstance(paths, str):
        return paths if "://" in paths else os.path.join(folder, paths)
    return [os.path.join(folder, path) for path in paths]


if __name__ == "__main__":
    main(*sys.argv[1:])
