"""The document and its object as text.

Both are YAML that every parser reads alike: what is not plainly a word is quoted as in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from sncompile.lazy_regex import regex
from sncompile.targets.cwl.model import ABSENT, Absent, Document, Json, shortened

if TYPE_CHECKING:
    from jinja2 import Environment

_WORD = regex(r"(?:--?)?[A-Za-z_/](?:[A-Za-z0-9_./+=-]*[A-Za-z0-9_./+=])?|\$\(inputs\.\w+(?:\.length)?\)")
_MEANS_MORE = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n", "-y", "-n"))
_WIDTH = 110
_TITLE = 500


@cache
def environment() -> Environment:
    """The template environment."""
    from sncompile import template_files

    filters = {"flow": flow, "line": one_line, "block": block, "lines": filled, "typed": typed, "short": short}
    return template_files.environment("cwl", filters=filters, tests={"given": has_default}, keep_trailing_newline=True)


def scalar(value: Json) -> str:
    """A value on one line, as YAML and JSON alike have it.

    >>> scalar("a b"), scalar("1"), scalar("\\x85")
    ('"a b"', '"1"', '"\\\\u0085"')
    """
    return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))


def _shown(letter: str) -> str:
    # What no parser of YAML takes as it is, and what hides in an editor. Pairs of escapes mean nothing in YAML; half a
    # pair means nothing at all, and is found when the text is encoded.
    code = ord(letter)
    return letter if letter.isprintable() or code > 0xFFFF or 0xD800 <= code < 0xE000 else f"\\u{code:04x}"


def flow(value: Json) -> str:
    """A value on one line, words without quotes.

    >>> flow({"type": "array", "items": ["null", "File"]}), flow("1e3"), flow("$(inputs.x)")
    ('{type: array, items: ["null", File]}', '"1e3"', '$(inputs.x)')
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(flow(k))}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str) and _WORD.fullmatch(value) and value.lower() not in _MEANS_MORE:
        return value
    return scalar(value)


_LONGEST_KEY = 1000
"""YAML allows 1,024 characters for a key that nothing announces."""


def _key(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else f"? {text}"


def typed(kind: Json, **more: Json) -> str:
    """A type as it stands after a name, with whatever else is said of it.

    >>> typed({"type": "array", "items": "File"}), typed(["File", "Directory"]), typed("string", default="x")
    ('File[]', '{type: [File, Directory]}', '{type: string, default: x}')
    """
    short = shortened(kind)
    return short if isinstance(short, str) and not more else flow({"type": short, **more})


def block(text: str, indent: int) -> str:
    """A text of several lines as a literal block where it can be one; quoted otherwise.

    >>> block("a\\n  b\\n", 2), block("a", 2)
    ('|\\n  a\\n    b', 'a')
    """
    lines = text.split("\n")
    tame = all(line.isprintable() and line == line.rstrip() for line in lines) and lines[0][:1] not in ("", " ")
    ended = len(lines) > 2 and lines[-1] == "" and lines[-2] != ""
    if not tame or not ended:
        return flow(text)
    return "|\n" + "\n".join(" " * indent + line if line else "" for line in lines[:-1])


def filled(words: Sequence[str], indent: int) -> str:
    """Words of a list, filled up to the width of a page, with commas between."""
    lines = [""]
    for word in map(flow, words):
        if lines[-1] and len(lines[-1]) + len(word) + 3 > _WIDTH - indent:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{word},"
    return f"\n{' ' * indent}".join(lines)


def one_line(text: str) -> str:
    """Text for a comment: on one line, without characters that would end it."""
    return "".join(c if c.isprintable() else " " for c in text)


def short(title: str) -> str:
    """The beginning of a title, where it is longer than anybody reads.

    >>> short("x" * 1000) == "x" * 500 + "…"
    True
    """
    return title if len(title) <= _TITLE else f"{title[:_TITLE]}…"


def has_default(default: Json | Absent) -> bool:
    """Whether an input has a default."""
    return default is not ABSENT


def render_document(document: Document) -> str:
    """The document's text."""
    return environment().get_template("workflow.cwl.j2").render(document=document)


def render_job(job: dict[str, Json]) -> str:
    """The object that a workflow is run with, as JSON: an input a line, of a list an item a line."""
    lines = [f" {scalar(name)}: {_laid_out(value)}" for name, value in job.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n" if lines else "{}\n"


def _laid_out(value: Json) -> str:
    if isinstance(value, (list, tuple)) and len(value) > 1:
        return "[\n" + ",\n".join(f"  {scalar(item)}" for item in value) + "\n ]"
    return scalar(value)


def expression_text(script: str) -> str:
    """The JavaScript of an expression, as it stands in a document."""
    return files("sncompile.templates").joinpath("cwl", script).read_text("utf-8")


def support() -> dict[str, bytes]:
    """Files that the document needs beside it."""
    return {"job.sh": files("sncompile.templates").joinpath("cwl", "job.sh").read_bytes()}
