"""Every kind of fault is put where it belongs, and what only a reader or the type checker sees is left alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from .__main__ import written
from .kinds import mutants, mutated


def faults(code: str) -> list[str]:
    """The code with each fault that can be put into it."""
    tree = ast.parse(code)
    return [mutated(tree, mutant).strip() for mutant in mutants(tree)]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = a < b", ["x = a <= b"]),
        ("x = a == b is not c", ["x = a != b is not c", "x = a == b is c"]),
        ("x = a and b and c", ["x = a or b or c"]),
        ("x = not a", ["x = a"]),
        ("x = a + b", ["x = a - b"]),
        ("x = a | b", ["x = a & b"]),
        ("x += a", ["x -= a", "pass"]),
        ("x = 2", ["x = 3", "x = 1"]),
        ("x = True", ["x = False"]),
        ("x = 'word'", ["x = ''"]),
        ("x = ''", ["x = 'x'"]),
        ("x.y = z", ["pass"]),
        ("do(a)", ["pass"]),
        ("x = do(a, b, c=d)", ["x = do(a, c=d)", "x = do(a, b)"]),
        ("x = (a, b)", ["x = (b,)", "x = (a,)"]),
        ("x = {a: b, **c}", ["x = {**c}", "x = {a: b}"]),
        ("x = a if b else c", ["x = a if not b else c"]),
        ("x = [a for a in b if c]", ["x = [a for a in b if not c]"]),
        ("if a:\n    x = b", ["pass", "if not a:\n    x = b"]),
        ("for a in b:\n    break", ["pass", "for a in b:\n    continue"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("def f() -> str:\n    return a", ["def f() -> str:\n    return ''"]),
        ("def f() -> list[str] | None:\n    return a", ["def f() -> list[str] | None:\n    return None"]),
    ],
)
def test_every_kind(code: str, expected: list[str]) -> None:
    assert faults(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "import a",
        "x, y = z",
        "'''A module of its own.'''",
        "x: tuple[int, str]",
        "def f(a: tuple[int, str]) -> list[int]: ...",
        "Kind = A | B",
        "Kind = dict[str, tuple[int, str]]",
        "__all__ = ['a', 'b']",
        "assert isinstance(x, (A, B))",
        "x = zip(*a, strict=True)",
        "if TYPE_CHECKING:\n    x = 1",
        "x = isinstance(x, A | B)",
        "x = cast(tuple[int, str], y)",
        "x = 'it cannot be read'",
        "x = f'{a + 1} cannot be read'",
        "x = '%s cannot be read' % a",
    ],
)
def test_what_is_left_alone(code: str) -> None:
    assert faults(code) == []


def test_the_file_is_put_back(tmp_path: Path) -> None:
    """Whatever ends the tests."""
    file = tmp_path / "code.py"
    file.write_text("x = 1  # as it was\n", "utf-8")
    before = file.stat().st_mtime_ns

    def interrupted() -> None:
        with written(file, "x = 2\n"):
            assert file.read_text("utf-8") == "x = 2\n"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (file.read_text("utf-8"), file.stat().st_mtime_ns) == ("x = 1  # as it was\n", before)
