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
    "# it's\n",
    " # (a) @\n",
    "\n#\\\n",
    "#",
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


@pytest.mark.parametrize(
    ("script", "plain"),
    [
        ('argv a\n# it\'s "all" of `them` $( <<\nargv \0\n', True),
        ("# first\nargv \0  # last", True),
        ("argv 'two\n# of' \0\n", True),
        ("argv \0 # of \1\n", True),
        ("# of \0\nargv\n", False),
        ("argv a\\\n#b' \0'\n", False),
        ("argv a#'b \0\n", False),
        ("argv 'two\n# of' ' \0 '\n", False),
        ('argv "a\n# b" c" \0\n', False),
    ],
)
def test_comments_do_not_decide_where_values_stand(script: str, plain: bool) -> None:
    """Else a comment made a job another one. One that holds a text does, as that might end it."""
    assert shell_values._is_plain(script) is plain


def test_a_comment_makes_no_other_job(tmp_path: Path) -> None:
    """The words of a script, which its digest is made from, are the same with a comment and without."""
    told = []
    for comment in ("", "# all of them\n", "  # it's that\n\n"):
        texts = running.texts(
            running.graph(running.compiled([Generated(f"{comment}argv ${{params.x0}}\n", {"x0": "a b"}, [])], tmp_path))
        )
        told.append({name: text.replace(comment, "", 1).strip() for name, text in texts.items()})
    assert told[0] == told[1] == told[2]


def _taken(script: Generated, folder: Path) -> bool:
    """Whether a script is closed, and shows no value where it may not be."""
    text = script.script.replace("${params.x", "\0")
    if shell_values.scan(script.script).unclosed or "\\\0" in text:
        return False
    place = folder / "trial"
    place.mkdir(exist_ok=True)
    return not running.compiled([script], place).failed
