"""What a file of a module says, without what makes no difference to who runs it: its normal form.

| file | what counts |
|---|---|
| Python | the syntax tree; docstrings only where something in the file may read them |
| shell, R | the lines without those that are a comment or empty, where that is certain; `#!` and R's `#'` are none |
| notebook | the kernel, and the code cells with their tags |
| YAML, JSON | what a parser says of it, and so not its comments and layout |
| any other | every byte |

A file that cannot be read so counts as it stands. `VERSION` is part of every digest: change it with the forms. The form
of Python is our own, as the printed form of syntax trees differs between versions of Python.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from sncompile.lazy_regex import regex

VERSION = 1

_READS_ITSELF = regex(
    rb"__doc__|__file__|docopt|doctest|inspect|linecache|traceback|_getframe|lineno|getsource|get_source|currentframe"
    rb"|# /// script|\byacc\b|\blex\b"
)
"""What may read the text, the lines or the docstrings of Python files, or comments that mean something."""

_SHELL_READS_ITSELF = regex(r"\$\{?(0|LINENO|BASH_SOURCE|BASH_LINENO)\b|<<")
"""What in a script may read the script's own lines, or makes lines data."""


def normal_form(name: str, content: bytes) -> bytes:
    """The normal form of a file, which is called `name`."""
    make = _FORMS.get(PurePath(name).suffix.lower())
    if make is None or reads_text(name, content):
        return content
    try:
        text = content.decode("utf-8")
        found = make(text.removeprefix("\ufeff"))
    except (ValueError, SyntaxError, RecursionError, KeyError, TypeError, AttributeError, MemoryError):
        return content
    return content if found is None else found.encode("utf-8", "surrogatepass")


def form_digest(files: Mapping[str, bytes]) -> str:
    """A digest of the normal forms of files that belong together.

    Where one of them may read what the normal form leaves out, of itself or of another, all count as they stand.
    """
    told = any(reads_text(name, content) for name, content in files.items())
    found = hashlib.blake2b(digest_size=12)
    for name, content in files.items():
        form = content if told else normal_form(name, content)
        found.update(f"{name}\0{len(form)}\0".encode("utf-8", "surrogateescape") + form)
    return found.hexdigest()


def reads_text(name: str, content: bytes) -> bool:
    """Whether a Python file may read the text of itself, or of another."""
    return name.endswith(".py") and _READS_ITSELF.search(content) is not None


def script_form(script: str) -> str:
    """A shell script without the lines that say nothing.

    >>> print(script_form("# align\\n\\nset -e\\n  # all of them\\nls '#1'"))
    set -e
    ls '#1'
    """
    found = _shell(script)
    return script if found is None else found


# --- Python ---------------------------------------------------------------------------------------------------------


def _python(text: str) -> str | None:
    tree = ast.parse(text)
    first = text.split("\n", 1)[0]
    shebang = first if first.startswith("#!") else ""
    return f"python {VERSION}\n{shebang}\n{''.join(_told(tree))}"


def _told(node: Any) -> Iterator[str]:
    """A syntax tree as text: names of nodes and of fields that hold something, and constants.

    Fields that later versions of Python add are empty unless what they bring is used.
    """
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            if name in ("kind", "type_comment", "type_ignores", "ctx") or value is None or value == []:
                continue
            if name == "body" and _has_docstring(node):
                value = value[1:]
            yield f" {name}="
            yield from _told(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for item in node:
            yield from _told(item)
            yield ","
        yield "]"
    else:
        yield f"{type(node).__name__}:{node!r}"


def _has_docstring(node: ast.AST) -> bool:
    if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) or not node.body:
        return False
    first = node.body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


# --- Shell and R ----------------------------------------------------------------------------------------------------


def _without_comments(text: str, ends: Callable[[str], bool]) -> str | None:
    """Lines without comments; None where a line may be part of something that goes over several.

    `ends` says whether all that a line begins ends on it, as far as that is certain.
    """
    if "\r" in text:
        return None
    kept: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        bare = line.strip()
        nothing = not bare or (bare.startswith("#") and not bare.startswith(("#!", "#'", "#*")))
        if nothing and goes_on:
            return None
        if nothing:
            continue
        if not ends(line):
            return None
        goes_on = line.endswith("\\")
        kept.append(line)
    return "\n".join(kept)


_SUBSTITUTION = regex(r"\$\([^()'\"`\\]*\)|\$\(\([^()'\"`\\]*\)\)|\$\{[^{}'\"`\\]*\}|\\.")
"""What may stand in a shell's text of double quotes and holds no quotes itself."""

_SHELL_TEXT = regex(
    rf"""(?> [^'"`\\\s;&|()\#$] | {_SUBSTITUTION.pattern} | \\\Z | (?<=[^\s;&|()])\# | \$(?!')
         | [\s;&|()] | '[^']*' | "(?> [^"`\\$] | {_SUBSTITUTION.pattern} | \$(?![({{]) )*+"
       )*+ (?: (?<![^\s;&|()])\#.* )? \Z""",
    re.VERBOSE,
)
"""A line of which every quote is closed; a comment may follow."""

_R_TEXT = regex(
    r"""(?> [^'"`\#\\] | "(?>[^"\\]|\\.)*+" | '(?>[^'\\]|\\.)*+' | `[^`]*` )*+ (?: \#.* )? \Z""", re.VERBOSE
)


def _shell(text: str) -> str | None:
    if _SHELL_READS_ITSELF.search(text):
        return None
    return _without_comments(text, lambda line: _SHELL_TEXT.match(line) is not None)


def _r(text: str) -> str | None:
    # What is written between `r"(` and `)"` may go over lines.
    if re.search(r"[rR][\"']-*[\[({]|srcref|commandArgs|sys\.frame", text):
        return None
    return _without_comments(text, lambda line: _R_TEXT.match(line) is not None)


# --- Data -----------------------------------------------------------------------------------------------------------


def _notebook(text: str) -> str:
    held = json.loads(text)
    cells = [
        ["".join(cell["source"]), sorted(cell.get("metadata", {}).get("tags", []))]
        for cell in held["cells"]
        if cell["cell_type"] == "code"
    ]
    return json.dumps([VERSION, held.get("metadata", {}).get("kernelspec", {}).get("name"), cells])


def _yaml(text: str) -> str:
    """What a parser says of it: what a plain word means differs between versions of YAML, and stays open here."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import ScalarEvent

    told = []
    try:
        for event in YAML(typ="safe", pure=True).parse(io.StringIO(text)):
            row = [type(event).__name__, getattr(event, "anchor", None), str(getattr(event, "tag", None) or "")]
            if isinstance(event, ScalarEvent):
                row += [event.value, "" if event.style is None else "quoted"]
            told.append(row)
    except YAMLError as error:
        raise ValueError(str(error)) from None
    return json.dumps([VERSION, told])


def _json(text: str) -> str:
    # Pairs keep their order, and a name that stands twice stays twice.
    return json.dumps([VERSION, json.loads(text, object_pairs_hook=lambda pairs: ["object", *map(list, pairs)])])


_FORMS: dict[str, Callable[[str], str | None]] = {
    ".py": _python,
    ".sh": _shell,
    ".bash": _shell,
    ".r": _r,
    ".ipynb": _notebook,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": _json,
}
