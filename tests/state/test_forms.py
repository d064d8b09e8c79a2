"""What of a module's file counts: its normal form."""

from __future__ import annotations

import json
import sys

import pytest

from sncompile.state.forms import normal_form, script_form

PYTHON = """\
#!/usr/bin/env python3
\"\"\"What it is for.\"\"\"
import sys  # for its arguments

def half(number, *, more=1):
    "Half of it."
    return number / 2 + more
print(half(float(sys.argv[1])), 'a' "b", {1: [2, 3]})
"""


def python(old: str = "", new: str = "") -> bytes:
    assert old in PYTHON
    return normal_form("tool.py", PYTHON.replace(old, new).encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # for its arguments", ""),
        ("Half of it.", "Half of that."),
        ('    "Half of it."\n', ""),
        ("What it is for.", "Something else."),
        ("\n\ndef", "\n\n\n\n# All of it\ndef"),
        ("number / 2 + more", "(number / 2\n            + more)"),
        ("'a' \"b\"", "'ab'"),
        ("{1: [2, 3]}", "{\n    1: [2, 3,],\n}"),
        ("print(", "print("),
    ],
)
def test_what_python_does_not_see(old: str, new: str) -> None:
    assert python(old, new) == python()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number / 2", "number / 3"),
        ("more=1", "more=2"),
        ("more=1", "more=1.0"),
        ("more=1", "more=True"),
        ("*, more", "more"),
        ("'a'", "b'a' or"),
        ("half(number", "half(value"),
        ("python3\n", "python3 -O\n"),
        ("import sys", "import sys as os"),
        ("[2, 3]", "(2, 3)"),
        ("[2, 3]", "[3, 2]"),
        ("/ 2", "// 2"),
        ("float(sys", "int(sys"),
    ],
)
def test_what_python_sees(old: str, new: str) -> None:
    assert python(old, new) != python()


@pytest.mark.parametrize("reads", ["print(__doc__)", "import inspect", "from docopt import docopt", "import traceback"])
def test_a_file_that_may_read_itself_counts_as_it_stands(reads: str) -> None:
    text = f"'''Usage: tool FILE'''\n{reads}\n"
    assert normal_form("tool.py", text.encode()) == text.encode()


def test_a_file_that_is_no_python_counts_as_it_stands() -> None:
    for text in (b"print 'of long ago'\n", b"\xff\xfe", b"x = (" * 200):
        assert normal_form("tool.py", text) == text


def test_the_form_of_python_is_the_same_on_all_versions() -> None:
    """Were it not, a state would be lost with every update; the text is that of the version that wrote this test."""
    assert sys.version_info >= (3, 11)
    assert normal_form("a.py", b"def f[T](x): pass\n" if sys.version_info < (3, 12) else b"def f(x) -> int: ...\n")
    told = normal_form(
        "a.py", b"async def f(a, /, b: int = 1, *c, d=None, **e): return f'{a!r:>{b}}' if (x := a) else -1\n"
    )
    assert told.decode().split("\n", 2)[2] == (
        "(Module body=[(AsyncFunctionDef name=str:'f' args=(arguments posonlyargs=[(arg arg=str:'a'),] args=[(arg "
        "arg=str:'b' annotation=(Name id=str:'int')),] vararg=(arg arg=str:'c') kwonlyargs=[(arg arg=str:'d'),] "
        "kw_defaults=[(Constant),] kwarg=(arg arg=str:'e') defaults=[(Constant value=int:1),]) body=[(Return "
        "value=(IfExp test=(NamedExpr target=(Name id=str:'x') value=(Name id=str:'a')) body=(JoinedStr values=["
        "(FormattedValue value=(Name id=str:'a') conversion=int:114 format_spec=(JoinedStr values=[(Constant "
        "value=str:'>'),(FormattedValue value=(Name id=str:'b') conversion=int:-1),])),]) orelse=(UnaryOp op=(USub) "
        "operand=(Constant value=int:1)))),]),])"
    )


SHELL = """\
#!/bin/bash
# aligns reads

set -euo pipefail
bwa mem -t "$1" 'ref #1.fa' "$2" |   # into
  samtools sort -o "${3%.sam}.bam"
    # the end
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# aligns reads", "# sorts them, too", True),
        ("# aligns reads\n", "", True),
        ("\n\nset", "\n\n\n# all\nset", True),
        ("    # the end\n", "", True),
        ("#!/bin/bash", "#!/bin/sh", False),
        ("'ref #1.fa'", "'ref #2.fa'", False),
        ("-t \"$1\"", "-t 4", False),
        ("  samtools", "samtools", False),
    ],
)  # fmt: skip
def test_comments_of_shell_scripts(old: str, new: str, same: bool) -> None:
    assert old in SHELL
    assert (normal_form("a.sh", SHELL.encode()) == normal_form("a.sh", SHELL.replace(old, new).encode())) == same


@pytest.mark.parametrize(
    "script",
    [
        "cat <<END\n# this is text\nEND\n",
        "echo 'two\n# lines'\n",
        'echo "two\n\n# lines"\n',
        "echo \"'\" 'two\n# lines'\n",
        "awk '\n# of awk\n{print}' f\n",
        'x="$(echo "a\n# b")"\n',
        "echo one \\\n# two\n",
        "echo $LINENO\n# three\n",
        "head -3 $0\n# four\n",
        "echo `ls '\n# five'`\n",
        "echo $'it\\'s\n# six'\n",
        "echo hi\r\n# seven\r\n",
    ],
)
def test_what_may_be_no_comment_is_kept(script: str) -> None:
    """Where a line that looks like a comment may be text, or lines are counted, all of the script counts."""
    assert script_form(script) == script


def test_r_and_data_and_notebooks() -> None:
    assert normal_form("a.R", b'x <- "#"\n# note\n\ny <- 1 # two\n') == b'x <- "#"\ny <- 1 # two'
    assert normal_form("a.R", b'x <- r"(\n# text)"\n') == b'x <- r"(\n# text)"\n'
    assert normal_form("e.yml", b"a: 1 # one\nb: [x]\n") == normal_form("e.yml", b"a:   1\nb:\n  - x\n")
    assert normal_form("e.yml", b"a: 1\n") != normal_form("e.yml", b"a: '1'\n")
    assert normal_form("e.yml", b"a: [\n") == b"a: [\n"
    assert normal_form("e.json", b'{"a": 1, "a": 2}') != normal_form("e.json", b'{"a": 2}')
    assert normal_form("a.bin", b"\x00# x\n") == b"\x00# x\n"

    def notebook(source: str, *, text: str = "note", output: str = "1", tags: tuple[str, ...] = ()) -> bytes:
        cells = [
            {"cell_type": "markdown", "source": [text]},
            {"cell_type": "code", "source": [source], "outputs": [output], "metadata": {"tags": list(tags)}},
        ]
        return normal_form("n.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode())

    assert notebook("x = 1") == notebook("x = 1", text="other", output="2")
    assert notebook("x = 1") != notebook("x = 2")
    assert notebook("x = 1") != notebook("x = 1", tags=("parameters",))
