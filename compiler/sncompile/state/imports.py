"""The Python files of the user's own that a function runs: its module, and what that imports, as its text says it.

    python: "tools.measure:cells"          tools/__init__.py  tools/measure.py  tools/shapes.py  flat.py

Modules are looked for where `call.py` has Python look first, in the working folder. What is installed elsewhere is no
part of the pipeline. A name that is handed to `importlib.import_module` or `__import__` is seen as far as it is written
there: of `f"plugins.{name}"` all modules of the package count. One that is made up while the code runs is not seen.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from sncompile.ir.graph.own_names import CALLERS, FILE_CALLER
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Cell, Constant, ModuleFile, Word


def functions_of(task: Task) -> Iterator[str | ModuleFile | Sequence[str]]:
    """The functions that the jobs of a task call, as `PACKAGE.MODULE:FUNCTION`: one that all call, or one for each job;
    of a function of a file beside the module, that file.

    A function, or its file, is the first argument of a file of ours that calls it.
    """
    words: list[Word] = [*(task.command or ())]
    for part in task.script or ():
        words += () if isinstance(part, str) else part
    for caller, target in pairwise(words):
        file, named = caller.pieces[-1:], target.pieces[:1]
        if not file or not isinstance(file[0], ModuleFile) or not named:
            continue
        if file[0].name == FILE_CALLER and isinstance(named[0], ModuleFile):
            yield named[0]
        elif file[0].name in CALLERS:
            if isinstance(named[0], Constant):
                yield named[0].text
            elif isinstance(named[0], Cell):
                yield list(map(str, task.columns[named[0].column].cells))


class Imports:
    """What modules of a working folder import from there."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def of(self, function: str) -> list[str]:
        """The files of a function's module and of all that it imports, relative to the folder, in order."""
        return self._all([function.partition(":")[0]])

    def of_text(self, text: bytes) -> list[str]:
        """The files of all that the text of a module imports which lies elsewhere."""
        return self._all(self._imported(_names(text), ""))

    def _all(self, pending: list[str]) -> list[str]:
        """The files of modules, and of all that these import."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for file, package in self._files(name):
                if file not in found:
                    found[file] = None
                    pending += self._imported(self._names_in(file), package)
        return sorted(found)

    def _files(self, name: str) -> Iterator[tuple[str, str]]:
        """The files that importing a module runs, each with the package that it belongs to: outer ones first."""
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts):
            return
        for length in range(1, len(parts) + 1):
            here = "/".join(parts[:length])
            package = ".".join(parts[:length])
            for file, inside in ((f"{here}/__init__.py", package), (f"{here}.py", package.rpartition(".")[0])):
                if os.path.isfile(os.path.join(self._folder, file)):
                    yield file, inside
                    break

    def _names_in(self, file: str) -> tuple[tuple[int, str, str], ...]:
        try:
            with open(os.path.join(self._folder, file), "rb") as opened:
                return _names(opened.read())
        except OSError:
            return ()

    def _imported(self, names: Sequence[tuple[int, str, str]], package: str) -> list[str]:
        """The modules that a file of a package imports; of what is taken out of a module, that it may be one itself."""
        found = []
        for level, module, member in names:
            base = package.split(".")[: len(package.split(".")) - level + 1] if level and package else []
            full = ".".join([*base, *([module] if module else [])])
            found.append(full)
            if member == "*":
                # What a package hands on may be modules of its own (`__all__`).
                found += [f"{full}.{inner}" for inner in self._inside(full)]
            elif member:
                found.append(f"{full}.{member}".lstrip("."))
        return [name for name in found if name]

    def _inside(self, package: str) -> list[str]:
        """The modules in a package."""
        try:
            names = os.listdir(os.path.join(self._folder, *package.split("."))) if package else []
        except OSError:
            return []
        return sorted(name.removesuffix(".py") for name in names if name != "__init__.py" and not name.startswith("_"))


@cache
def _names(text: bytes) -> tuple[tuple[int, str, str], ...]:
    """What a file imports: how many packages up, the module, and what of it, if not the module itself."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found: dict[tuple[int, str, str], None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= dict.fromkeys((0, alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found |= dict.fromkeys((node.level, node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Call):
            found |= dict.fromkeys(_called(node))
    return tuple(found)


def _called(call: ast.Call) -> Iterator[tuple[int, str, str]]:
    """What a call of `import_module` or `__import__` imports, as far as its first argument says it."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name not in ("import_module", "__import__"):
        return
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    given = call.args[0] if call.args else keywords.get("name")
    text, whole = _beginning(given)
    package, _ = _beginning(call.args[1] if name == "import_module" and len(call.args) > 1 else keywords.get("package"))
    level = len(text) - len(text.lstrip("."))
    module = text.lstrip(".") if whole else text.lstrip(".").rpartition(".")[0]
    if package and level:
        # A package that is named is not that of the file.
        parts = package.split(".")
        level, module = 0, ".".join([*parts[: len(parts) - level + 1], *([module] if module else [])])
    if not whole:
        if module or level:
            yield level, module, "*"
        return
    yield level, module, ""
    members = keywords.get("fromlist")
    for member in members.elts if isinstance(members, (ast.List, ast.Tuple)) else ():
        if isinstance(member, ast.Constant) and isinstance(member.value, str):
            yield level, module, member.value


def _beginning(value: ast.expr | None) -> tuple[str, bool]:
    """The text that a value begins with, and whether that is all of it.

    >>> [_beginning(ast.parse(code, mode="eval").body) for code in ("'a.b'", "f'a.{x}'", "'a.' + x", "'a.%s' % x", "x")]
    [('a.b', True), ('a.', False), ('a.', False), ('a.', False), ('', False)]
    """
    match value:
        case ast.Constant(value=str(text)):
            return text, True
        case ast.JoinedStr(values=[first, *_]) | ast.BinOp(left=first, op=ast.Add()):
            return _beginning(first)[0], False
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return text.partition("%")[0], False
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return text.partition("{")[0], False
    return "", False
