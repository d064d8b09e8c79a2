"""A module made from a command line in which the files and settings are marked: `sncompile new module`.

    samtools sort -@ {cpus} {in:bam} -o {out:sorted:bam}

becomes a module with the input `bam`, the output `sorted` (both of the format `bam`), and a `command`. A line that
needs a shell becomes a `shell:`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sncompile.diagnostics import did_you_mean
from sncompile.exchange.yaml_text import Comments, yaml_text

KINDS = ("in", "out", "indir", "outdir", "param")

FORMS = """{in:NAME}               an input file; `{in:reads[]}` takes several, `{in:reads:fastq.gz}` names the format
{out:NAME}              an output file
{indir:NAME}            an input folder; `{outdir:NAME}` an output folder
{param:NAME=5}          a parameter, with a default or without
{cpus}                  the cores that a job asked for"""
"""What marks are there, for the help of the command."""

_MARK = re.compile(r"\{(?P<kind>[a-z]+)(?::(?P<name>[A-Za-z_]\w*)(?P<many>\[\])?(?P<rest>[:=][^{}]*)?)?\}")
_NEEDS_SHELL = re.compile(r"[|&;<>`*?~()]|\$[\w({]")
_AS_IS = re.compile(r"(?<!\$)\$\{")


class Unreadable(Exception):
    """The command line cannot be read; the message says why, `help` what to write."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


class Mark(NamedTuple):
    """One mark: its kind, its name, whether it takes several, its format, and the default of a parameter.

    `bare` is one that says no more than its name, as a second mark of the same thing may.
    """

    kind: str
    name: str
    many: bool
    format: str | None
    default: Any
    bare: bool


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
        raise Unreadable("no output is marked", "mark what the command writes, such as {out:result:txt}")
    shared = sections["inputs"].keys() & sections["params"].keys()
    if shared:
        raise Unreadable(f"`{min(shared)}` is an input and a parameter", "give one of them another name")
    document: dict[str, Any] = {"sncompile": 1, "module": name, "title": _title(line)}
    document |= {section: ports for section, ports in sections.items() if ports}
    document["resources"] = {**resources, "memory": "1GB", "time": "1h"}
    document |= _run(line)
    comments: Comments = {("resources",): "What a job needs; these are guesses."}
    return yaml_text(document, comments)


def _marks(line: str) -> Iterator[Mark]:
    for found in re.finditer(r"\{[a-z]+(:[^{}]*)?\}", line):
        whole = _MARK.fullmatch(found[0])
        kind = found[0][1:-1].split(":")[0]
        if kind == "cpus" and found[0] == "{cpus}":
            yield Mark("cpus", "cpus", False, None, None, bare=True)
        elif kind in KINDS and (whole is None or whole["name"] is None):
            raise Unreadable(
                f"`{found[0]}` has no name that can be used", f"write {{{kind}:NAME}}, with letters and digits"
            )
        elif whole is not None and kind in KINDS:
            yield _mark(whole)
        elif ":" in found[0]:
            known = [f"{{{k}:…}}" for k in KINDS]
            hint = did_you_mean(f"{{{kind}:…}}", known, what="marks")
            raise Unreadable(f"`{found[0]}` is no mark", hint or "see --help")


def _mark(found: re.Match[str]) -> Mark:
    kind, name, many, rest = found["kind"], found["name"], bool(found["many"]), found["rest"] or ""
    bare = not many and not rest
    if kind == "param":
        if rest.startswith(":"):
            raise Unreadable(f"`{found[0]}` has a format, and is a parameter", f"write {{param:{name}=DEFAULT}}")
        return Mark(kind, name, many, None, _default(rest[1:]) if rest else None, bare)
    if rest.startswith("="):
        raise Unreadable(f"`{found[0]}` has a default, and is a file", f"write {{{kind}:{name}:FORMAT}}")
    folder = kind in ("indir", "outdir")
    return Mark(kind, name, many, None if folder else rest[1:] or name, None, bare)


def _default(text: str) -> bool | int | float | str:
    """The default of a parameter, whose type it gives."""
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9]\d*)", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text


def _declared(mark: Mark) -> tuple[str, dict[str, Any]]:
    """The section that a mark belongs to, and what the module says of it there."""
    if mark.kind == "param":
        base = {bool: "boolean", int: "integer", float: "number"}.get(type(mark.default), "string")
        declared: dict[str, Any] = {"type": base + "[]" * mark.many}
        return "params", declared | ({} if mark.default is None else {"default": mark.default})
    base = "directory" if mark.format is None else "file"
    declared = {"type": base + "[]" * mark.many} | ({} if mark.format is None else {"format": mark.format})
    return ("inputs" if mark.kind in ("in", "indir") else "outputs"), declared


def _reference(found: re.Match[str]) -> str:
    places = {"in": "inputs", "indir": "inputs", "out": "outputs", "outdir": "outputs", "param": "params"}
    return "${resources.cpus}" if found["kind"] == "cpus" else f"${{{places[found['kind']]}.{found['name']}}}"


def _run(line: str) -> Mapping[str, Any]:
    """The command as `command`, or as `shell` where it is more than words."""
    text = _AS_IS.sub("$${", line.strip())
    bare = _MARK.sub("", text)
    if _NEEDS_SHELL.search(bare) or "\n" in text:
        return {"shell": _filled(text)}
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Unreadable(f"the quotes do not match: {error}", "close every quote") from error
    return {"command": [_filled(word) for word in words]}


def _filled(text: str) -> str:
    return _MARK.sub(lambda m: _reference(m) if m["kind"] in (*KINDS, "cpus") else m[0], text)


def _title(line: str) -> str:
    """The program and its subcommands: the words before the first option or mark."""
    words: list[str] = []
    for word in line.split():
        if not re.fullmatch(r"[\w.+/-]+", word) or word.startswith("-"):
            break
        words.append(word.rsplit("/", 1)[-1])
    return " ".join(words[:3]) or "A command"
