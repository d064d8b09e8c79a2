"""A script whose values stay where they are written does what it does with variables, whatever the values are."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from sncompile.semantics.scripts import values as shell_values

from . import running
from .scripts import HOSTILE, Generated
from .test_scripts import COUNT, SEED

TOKENS = (
    "argv",
    "argv",
    "argv",
    "@",
    "@",
    "@",
    "@",
    "x",
    "--y=",
    "-",
    "if",
    "true",
    "then",
    "fi",
    "else",
    "for",
    "i",
    "in",
    "do",
    "done",
    "while",
    "!",
    "time",
    "{",
    "}",
    "(",
    ")",
    "$(",
    "$V",
    '"$V"',
    "w=$(",
    "'q;x'",
    '"a b"',
    "'it'",
    '""',
    "=",
    "v=1",
    "v=",
    ":",
    "2",
    ">",
    ">",
    "<",
    "f1",
    ">&2",
    "&>",
    "2>&1",
    "*",
    "?",
    "^",
    "function",
    "coproc",
    "exec",
    "command",
    "env",
    "export",
    "%",
    "+",
    ",",
    "a.b",
    "/",
    "]",
    "esac",
    "case",
    "select",
)
BETWEEN = (" ", " ", " ", " ", "", "", "\n", ";", "; ", " | ", "|", " && ", " & ", "\\\n", " \\\n ", "\t", "||")
VALUES = (
    *HOSTILE,
    "v=2",
    "if",
    "do",
    "done",
    "{",
    "}",
    "!",
    "time",
    "export",
    "a=b",
    "PATH=/nowhere",
    "2",
    "-",
    "f1",
    "[[",
    "in",
    "~",
    "x,y",
)


def tokens(random: Random) -> Generated:
    """A heap of tokens, of which few are good scripts and all are scripts of plain words."""
    values: dict[str, str] = {}
    text = "V=known; cat /dev/null > f1\nargv"
    for _ in range(random.randint(2, 9)):
        token = random.choice(TOKENS)
        text += random.choice(BETWEEN)
        if token == "@" and not text.endswith("$"):
            name = f"x{len(values)}"
            values[name] = random.choice(VALUES)
            token = "${params.%s}" % name
        text += token
    return Generated(text + "\n", {**values}, [])


def test_plain_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both forms have the same calls, files and outcome; nothing of a value is run."""
    random = Random(SEED)
    several = [tokens(random) for _ in range(COUNT * 10)]
    alone = [each for each in several if each.values and _taken(each, tmp_path)]
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    here = running.texts(running.graph(running.compiled(alone, tmp_path)))
    monkeypatch.setattr(shell_values, "_is_plain", lambda text: False)
    there = running.texts(running.graph(running.compiled(alone, tmp_path)))
    kept = {name: text for name, text in here.items() if text != there[name]}
    assert len(kept) > COUNT / 4
    ran = running.run(kept, tmp_path / "one"), running.run({name: there[name] for name in kept}, tmp_path / "two")
    for name, text in kept.items():
        one, two = ran[0][name], ran[1][name]
        # What stands in a pipe or in the background is in no order.
        assert sorted(one.calls) == sorted(two.calls), f"{text}\n{one.said}\n--- but\n{there[name]}\n{two.said}"
        assert one.files == two.files, text
        assert (one.status == 0) == (two.status == 0), f"{text}\n{one.said}\n--- but\n{there[name]}\n{two.said}"
        assert "PWNED" not in one.files


def _taken(script: Generated, folder: Path) -> bool:
    """Whether a script is closed, and shows no value where it may not be."""
    text = script.script.replace("${params.x", "\0")
    if shell_values.scan(script.script).unclosed or "\\\0" in text:
        return False
    place = folder / "trial"
    place.mkdir(exist_ok=True)
    return not running.compiled([script], place).failed
