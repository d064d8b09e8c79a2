"""A module made from a command line in which the files and settings are marked: `sncompile new module`.

    samtools sort -@ {cpus} {in:bam} -o {out:sorted:bam}

becomes a module with the input `bam`, the output `sorted` (both of the format `bam`), and a `command`. A line that
needs a shell becomes a `shell:`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sncompile.diagnostics import did_you_mean
from sncompile.exchange.guessed_marks import guessed
from sncompile.exchange.yaml_text import Comments, yaml_text
from sncompile.lazy_regex import regex
from sncompile.semantics.scope import UNREADABLE

KINDS = ("in", "out", "indir", "outdir", "param", "flag")

FORMS = """{in:NAME}               an input file; `{in:reads[]}` takes several, `{in:reads:fastq.gz}` names the format
{out:NAME}              an output file
{indir:NAME}            an input folder; `{outdir:NAME}` an output folder
{param:NAME=5}          a parameter, with a default or without
{in:NAME?}              may be left out, and the option before it with it; so `{param:NAME?}`
{flag:--NAME}           an option without a value, which a step may switch on
{cpus}                  the cores that a job asked for"""
"""What marks are there, for the help of the command."""

_MARK = regex(
    r"\{(?P<kind>[a-z]+)(?::(?P<dashes>--?)?(?P<name>[A-Za-z_][\w-]*)(?P<many>\[\])?(?P<maybe>\?)?(?P<rest>[:=][^{}]*)?)?\}"
)
_LIKE_A_MARK = regex(r"\{[a-z]+(:[^{}]*)?\}")
_PLACEHOLDER = regex(r"(?<!\$)\{[A-Za-z_][\w.]*\}")
_IN_MANUALS = regex(r"(?:^|(?<=\s))\[-[^\s\]]*\]?")
_SAID = regex(r"(?<!\$)\$\{(?P<section>inputs|outputs|params)\.(?P<name>\w+)\}")
_OPEN_MARK = regex(r"\{(?:in|out|indir|outdir|param|flag):[^\s{}]*(?=\s|\{|$)(?![^{}]*\})")
_QUOTED = regex(r"'[^']*'|\"(?:\\.|[^\"\\])*\"")
_FORMAT = regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
_NEEDS_SHELL = regex(r"[|&;<>`*?~()]|\$[\w({]")
_AS_IS = regex(r"(?<!\$)\$\{")


class Unreadable(Exception):
    """The command line cannot be read; the message says why, `help` what to write."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class Mark(NamedTuple):
    """One mark: its kind, its name, whether it takes several, its formats, and the default of a parameter.

    `maybe` is one that may be left out, `bare` one that says no more than its name, as a second mark of the same thing
    may.
    """

    kind: str
    name: str
    many: bool = False
    formats: tuple[str, ...] = ()
    default: Any = None
    bare: bool = False
    maybe: bool = False


def module_text(name: str, line: str) -> str:
    """The text of the module document. Raises `Unreadable`."""
    marks = list(_marks(line))
    if not line.strip():
        raise Unreadable("the command line is empty", "such as --from 'samtools sort {in:bam} -o {out:sorted:bam}'")
    sections: dict[str, dict[str, Any]] = {"inputs": {}, "outputs": {}, "params": {}}
    resources: dict[str, Any] = {}
    said: dict[tuple[str, str], Mark] = {}
    for mark in marks:
        earlier = said.setdefault((mark.kind, mark.name), mark)
        if earlier.bare:
            said[mark.kind, mark.name] = mark
        elif not mark.bare and mark != earlier:
            raise Unreadable(f"`{mark.name}` is marked twice, and not alike", "give one of them another name")
    for mark in said.values():
        if mark.kind == "cpus":
            resources["cpus"] = 1
            continue
        section, declared = _declared(mark)
        if mark.name in sections[section]:
            raise Unreadable(f"`{mark.name}` is a file and a folder", "give one of them another name")
        sections[section][mark.name] = declared
    if not sections["outputs"]:
        raise Unreadable("no output is marked", _to_mark(name, line))
    shared = sections["inputs"].keys() & sections["params"].keys()
    if shared:
        raise Unreadable(f"`{min(shared)}` is an input and a parameter", "give one of them another name")
    document: dict[str, Any] = {"sncompile": 1, "module": name, "title": _title(line)}
    document |= {section: ports for section, ports in sections.items() if ports}
    document["resources"] = {**resources, "memory": "1GB", "time": "1h"}
    document |= _run(line, {_reference_to(m.kind, m.name) for m in said.values() if m.maybe or m.kind == "flag"})
    comments: Comments = {("resources",): "What a job needs; these are guesses."}
    return yaml_text(document, comments)


def _to_mark(name: str, line: str) -> str:
    """What to write for a line in which no output is marked: the line with the marks that its words look like."""
    guess = guessed(line).line
    try:
        module_text(name, guess) if guess != line else None
    except Unreadable:
        guess = line
    if guess == line:
        return "mark what the command writes, such as {out:result:txt}"
    return f"mark what is read and written; by the looks of its words: --from {shlex.quote(guess)}"


def _marks(line: str) -> Iterator[Mark]:
    bare = _QUOTED.sub("", line)
    manual = _IN_MANUALS.search(bare)
    if manual is not None:
        option = re.sub(r"[\[\]]", "", manual[0])
        raise Unreadable(
            f"`{manual[0]}` is how a manual says that something may be left out",
            f"write {{flag:{option}}}, or {option} {{param:NAME?}} where a value follows",
        )
    said = _SAID.search(bare)
    if said is not None:
        marks = {"inputs": "in", "outputs": "out", "params": "param"}
        raise Unreadable(
            f"`{said[0]}` is how the module says it", f"mark it as {{{marks[said['section']]}:{said['name']}}}"
        )
    torn = _OPEN_MARK.search(bare)
    if torn is not None:
        raise Unreadable(f"`{torn[0]}` is not closed", f"write {torn[0]}}}")
    for found in _LIKE_A_MARK.finditer(line):
        whole = _MARK.fullmatch(found[0])
        kind = found[0][1:-1].split(":")[0]
        if found[0] == "{cpus}":
            yield Mark("cpus", "cpus", bare=True)
        elif kind in KINDS and (whole is None or whole["name"] is None):
            raise Unreadable(
                f"`{found[0]}` has no name that can be used", f"write {{{kind}:NAME}}, with letters and digits"
            )
        elif whole is not None and kind in KINDS:
            yield _mark(whole)
        elif whole is not None and whole["name"] is not None:
            hint = did_you_mean(f"{{{kind}:…}}", [f"{{{k}:…}}" for k in KINDS], what="marks")
            raise Unreadable(f"`{found[0]}` is no mark", hint or "see --help")
    for strange in _PLACEHOLDER.findall(_LIKE_A_MARK.sub(lambda m: "" if _is_mark(m[0]) else m[0], bare)):
        name = strange.strip("{}").rpartition(".")[2]
        raise Unreadable(f"`{strange}` is no mark", f"write {{in:{name}}}, {{out:{name}}} or {{param:{name}}}")


def _is_mark(text: str) -> bool:
    return text == "{cpus}" or text[1:-1].split(":")[0] in KINDS


def _mark(found: re.Match[str]) -> Mark:
    kind, name, many, rest = found["kind"], _name(found), bool(found["many"]), found["rest"] or ""
    maybe = bool(found["maybe"])
    if name in UNREADABLE:
        raise Unreadable(f"`{name}` is a word of expressions, and no name", f"write another one: {{{kind}:{name}_}}")
    if kind == "flag":
        if not found["dashes"] or many or maybe or rest:
            raise Unreadable(f"`{found[0]}` is no option", f"write {{flag:--{found['name']}}}")
        return Mark(kind, name, default=False)
    if found["dashes"] or "-" in found["name"]:
        raise Unreadable(
            f"`{found[0]}` has no name that can be used", f"write {{{kind}:NAME}}, with letters and digits"
        )
    bare = not many and not rest and not maybe
    if kind == "param":
        if rest.startswith(":"):
            raise Unreadable(f"`{found[0]}` has a format, and is a parameter", f"write {{param:{name}=DEFAULT}}")
        return Mark(kind, name, many, (), _default(rest[1:]) if rest else None, bare, maybe)
    if rest.startswith("="):
        raise Unreadable(f"`{found[0]}` has a default, and is a file", f"write {{{kind}:{name}:FORMAT}}")
    if maybe and kind in ("out", "outdir"):
        raise Unreadable(f"`{found[0]}` is an output that may be left out", f"write {{{kind}:{name}}}")
    if kind in ("indir", "outdir"):
        return Mark(kind, name, many, (), None, bare, maybe)
    formats = tuple(each.strip() for each in (rest[1:] or name).split(","))
    for each in formats:
        if _FORMAT.fullmatch(each) is None:
            raise Unreadable(f"`{each}` is no format", "write one such as fastq.gz, or several with commas: bam,cram")
    return Mark(kind, name, many, formats, None, bare, maybe)


def _name(found: re.Match[str]) -> str:
    """The name that a mark stands for: of an option, what a parameter can be called."""
    name = found["name"].replace("-", "_") if found["kind"] == "flag" else found["name"]
    return str(name)


def _default(text: str) -> bool | int | float | str:
    """The default of a parameter, whose type it gives; what is in quotes is text."""
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text


def _declared(mark: Mark) -> tuple[str, dict[str, Any]]:
    """The section that a mark belongs to, and what the module says of it there."""
    tail = "[]" * mark.many + "?" * mark.maybe
    if mark.kind in ("param", "flag"):
        base = {bool: "boolean", int: "integer", float: "number"}.get(type(mark.default), "string")
        declared: dict[str, Any] = {"type": base + tail}
        return "params", declared | ({} if mark.default is None else {"default": mark.default})
    base = "directory" if mark.kind in ("indir", "outdir") else "file"
    declared = {"type": base + tail}
    if mark.formats:
        declared["format"] = mark.formats[0] if len(mark.formats) == 1 else list(mark.formats)
    return ("inputs" if mark.kind in ("in", "indir") else "outputs"), declared


_PLACES = {
    "in": "inputs",
    "indir": "inputs",
    "out": "outputs",
    "outdir": "outputs",
    "param": "params",
    "flag": "params",
}


def _reference(found: re.Match[str]) -> str:
    return "${resources.cpus}" if found["kind"] == "cpus" else _reference_to(found["kind"], _name(found))


def _reference_to(kind: str, name: str) -> str:
    return f"${{{_PLACES[kind]}.{name}}}"


def _run(line: str, optional: Container[str]) -> Mapping[str, Any]:
    """The command as `command`, or as `shell` where it is more than words. `optional`: what may be left out."""
    text = _AS_IS.sub("$${", line.strip())
    marks = [found for found in _MARK.finditer(text) if _is_mark(found[0])]
    if _NEEDS_SHELL.search(_MARK.sub("", text)) or "\n" in text:
        for found in marks:
            if _reference(found) in optional:
                raise Unreadable(
                    f"`{found[0]}` may be left out, and the line needs a shell",
                    "mark it without, and then move what may be left out to `args` of the module",
                )
        return {"shell": _filled(text)}
    # Marks are one word, whatever stands in them.
    held = iter(range(len(marks)))
    text = _MARK.sub(lambda m: f"\0{next(held)}\0" if _is_mark(m[0]) else m[0], text)
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Unreadable(f"the quotes do not match: {error}", "close every quote") from error
    items: list[Any] = []
    for word in words:
        items = _with_word(items, word, marks, optional)
    return {"command": items}


def _with_word(items: list[Any], word: str, marks: Sequence[re.Match[str]], optional: Container[str]) -> list[Any]:
    """The arguments of a command with one more, in which numbers stand for marks."""
    before, *inside = re.split("\0", word)
    found = [marks[int(number)] for number in inside[::2]]
    left_out = [each for each in found if _reference(each) in optional]
    if not left_out:
        return [*items, re.sub(r"\0(\d+)\0", lambda m: _reference(marks[int(m[1])]), word)]
    (mark, *others), value = found, _reference(found[0])
    if others or inside[-1]:
        raise Unreadable(
            f"`{left_out[0][0]}` may be left out, and is part of a word", "give it a word of its own, or the end of one"
        )
    if mark["kind"] == "flag":
        option = f"{before}{mark['dashes']}{mark['name']}"
        return [*items, {"flag": option, "when": value}]
    if before:
        return [*items, {"option": before, "value": value, "joined": True}]
    if items and isinstance(items[-1], str) and re.fullmatch(r"-[\w-]+", items[-1]):
        return [*items[:-1], {"option": items[-1], "value": value}]
    return [*items, value]


def _filled(text: str) -> str:
    return _MARK.sub(lambda m: _reference(m) if _is_mark(m[0]) else m[0], text)


def _title(line: str) -> str:
    """The program and its subcommands: the words before the first option or mark."""
    words: list[str] = []
    # Variables that are set for the command stand before it.
    for word in re.sub(r"^\s*(?:[A-Za-z_]\w*=\S*\s+)+", "", line).split():
        if not re.fullmatch(r"[\w.+/-]+", word) or word.startswith("-"):
            break
        words.append(word.rsplit("/", 1)[-1])
    return " ".join(words[:3]) or "A command"
