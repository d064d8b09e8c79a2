"""Specs of an earlier version of the language become those of a later one, step by step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from sncompile.diagnostics import Diagnostic, Edit
from sncompile.syntax.migrating import migrate
from sncompile.syntax.nodes import Mapping
from sncompile.syntax.source import Source

from .command_line import in_this_process


def _rename(old: str, new: str) -> object:
    def step(_: Source, node: Mapping) -> Iterable[Edit]:
        key = node.key(old)
        return [] if key is None else [Edit(key.span, new)]

    return step


STEPS = {1: _rename("command", "argv"), 2: _rename("argv", "words")}


def test_each_version_has_its_step() -> None:
    """Comments and line ends stay; what is newer already, or no spec, is left alone."""
    text = "\ufeffsncompile: 1  # so\r\nmodule: m\r\ncommand: [a]  # command\r\n"
    expected = "\ufeffsncompile: 3  # so\r\nmodule: m\r\nwords: [a]  # command\r\n"
    assert migrate("m", text, STEPS, 3) == expected  # type: ignore[arg-type]
    assert migrate("m", expected, STEPS, 3) == expected  # type: ignore[arg-type]
    assert migrate("m", "a: 1\n", STEPS, 3) == "a: 1\n"  # type: ignore[arg-type]
    assert isinstance(migrate("m", "a: [\n", STEPS, 3), Diagnostic)  # type: ignore[arg-type]


def test_there_is_one_version(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """So the command has nothing to do, and says so."""
    path = tmp_path / "m.yaml"
    path.write_text("sncompile: 1\nmodule: m\n")
    told = in_this_process(capsys)("migrate", str(path))
    assert (told.code, told.out) == (0, "nothing to migrate: 1 is the newest version of the language\n")
