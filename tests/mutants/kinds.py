"""The kinds of fault: each finds its places in a spec's text and puts itself there, one mutant a place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from tests.mutants.specs import Files


class Mutant(NamedTuple):
    """A spec with one fault, in `lines` of `file`; `also` are lines by file whose change would mend it as well."""

    kind: str
    files: Files
    file: str
    lines: tuple[int, ...]
    also: Mapping[str, frozenset[int]]


Make = Callable[[re.Match[str]], str | None]


class Kind(NamedTuple):
    """A kind of fault: what it matches in which files, and what it puts there (None: not here).

    `also` matches lines where the fault may be told as well, since either place can be mended; so may, if `around`, the
    first line of the step that the fault is in, the references in that step, and those to it.
    """

    name: str
    pattern: str
    make: Make
    files: str = r"main\.yaml"
    also: str = ""
    around: bool = False
    most: int = 12


def slip(word: str) -> str:
    """A word with two letters swapped, or one doubled where swapping changes nothing."""
    for at in range(len(word) - 2, 0, -1):
        if word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word + "x"


def _slip_of(group: int) -> Make:
    return lambda m: m[0][: m.start(group) - m.start()] + slip(m[group]) + m[0][m.end(group) - m.start() :]


def _text(new: str) -> Make:
    return lambda m: m.expand(new)


ROOT = "slip in a root"
"""A module names roots of whatever pipeline will use it, so this is a fault only where there is one."""

_REFERENCES = r"\$\{(?!data|params|inputs|outputs|resources|file|len|int)(\w+)\."

KINDS = (
    Kind("slip in a top-level key", r"^(pipeline|steps|tables|params|outputs|modules|data|flow|command):", _slip_of(1)),
    Kind(
        "slip in a step's key", r"^    (module|with|outputs|where|after|resources|retries|over|when|by):", _slip_of(1)
    ),
    Kind("slip in a port's key", r"\b(type|format|default|minimum|maximum): ", _slip_of(1), r".*\.yaml"),
    Kind("unknown key", r"^(  \w+:)$\n(    )(?=module:)", _text(r"\1\n\2colour: blue\n\2"), also=r"colour"),
    Kind("duplicate key", r"^(    module: .*)$", _text(r"\1\n\1")),
    Kind("slip in a reference's head", _REFERENCES, _slip_of(1)),
    Kind("slip in an output or column", r"\$\{(?!data|params|inputs|outputs|resources)\w+\.(\w+)\}", _slip_of(1)),
    Kind(ROOT, r"\$\{data\.(\w+)\}", _slip_of(1), r".*\.yaml"),
    Kind("slip in a parameter", r"\$\{params\.(\w+)\}", _slip_of(1), r".*\.yaml"),
    Kind("slip in a module's port", r"\$\{(?:inputs|outputs)\.(\w+)\}", _slip_of(1), r".*\.yaml"),
    Kind("slip in a bound port", r"(?:with: \{|^      )(\w+): \"\$\{", _slip_of(1)),
    Kind("slip in a step's name", r"(?:seq: \[|after: \[)(\w+)", _slip_of(1)),
    Kind("slip in a key's name", r"^    by: \[(\w+)", _slip_of(1)),
    Kind("slip in a table's key", r"^    key: \[(\w+)", _slip_of(1)),
    Kind("slip in a module's name", r"module: \w+/(\w+)", _slip_of(1)),
    Kind("slip in a function", r"\$\{(len|int|file)\(", _slip_of(1), r".*\.yaml"),
    Kind("slip in a type", r"type: (file|string|number|integer)\b", _slip_of(1), r".*\.yaml"),
    Kind("missing module file", r"module: (\w+)/\w+", _text(r"module: ./\1/nowhere.yaml")),
    Kind("missing table file", r"file: (\w+)\.(csv|tsv)", _text(r"file: nowhere.\2")),
    Kind("missing script", r"file\('(\w+)\.py'\)", _text(r"file('\1_.py')"), r"modules/.*\.yaml"),
    Kind("nothing fits the glob", r"(glob: \".*)\"$", _text(r'\1.gz"')),
    Kind("dropped input", r"(with: \{)(?:image|images|loaddata): \"[^\"]*\"(, )?", _text(r"\1"), around=True),
    Kind("dropped module", r"^    module: .*\n", _text(""), around=True),
    Kind("list for a text", r"^    module: (\S+)$", _text(r"    module: [\1]")),
    Kind("text for a mapping", r"^  (\w+):( *#.*)?\n    module:.*(\n    .*)*", _text(r"  \1: text"), also=r"\w+: text"),
    Kind("nothing for a list", r"^    by: \[.*\]", _text(r"    by: {well: A01}")),
    Kind("number for a text parameter", r"^      title: \"[^\"]*\"", _text("      title: 12")),
    Kind("text for a number", r"percentile: \"\$\{params\.percentile\}\"", _text("percentile: much")),
    Kind("number out of range", r"percentile: \"\$\{params\.percentile\}\"", _text("percentile: 101")),
    Kind(
        "default out of range",
        r"default: [\d.]+(, | *\n *)minimum: (\d+)",
        _text(r"default: -1\1minimum: \2"),
        r".*\.yaml",
        r"default: -1",
    ),
    Kind(
        "none of the enum",
        r"(image: \"\$\{apply\.corrected\}\")$",
        _text(r"\1\n      mode: faster"),
        also=r"mode: faster",
    ),
    Kind("pattern not matched", r"title: \"Of [^\"]*\"", _text("title: report")),
    Kind("scalar for a gather", r"(tables|images|labels|parts): \"\$\{(\w+)\.\w+\}\"", lambda m: f'{m[1]}: "one.csv"'),
    Kind("gather into a scalar", r"^    by: \[well, site\]$", _text("    by: [well]"), around=True),
    Kind("no keys where there were", r"^    by: .*\n", _text(""), around=True),
    Kind(
        "format mismatch",
        r"(outputs:\n  (\w+): \{type: file, format: )(?:npy|tiff|csv)",
        _text(r"\1exe"),
        r"modules/.*\.yaml",
        r"\$\{\w+\.\2\}",
    ),
    Kind(
        "directory for a file",
        r"(outputs:\n  (\w+): \{type: )file\b(?!\[)",
        _text(r"\1directory"),
        r"modules/(calc|correct|align)\.yaml",
        r"\$\{\w+\.\2\}",
    ),
    Kind("path without a key", r"/\$\{well\}\.csv", _text("/all.csv")),
    Kind(
        "two writers",
        r"^(  cp_load: \{module: assay/load)",
        _text(r'\1, outputs: {loaddata: "results/all.csv"}'),
        also=r"all\.csv",
    ),
    Kind("cycle", r"^    module: illum/calc$", _text("    module: illum/calc\n    after: [report]")),
    Kind("step after itself", r"after: \[measure\]", _text("after: [report]")),
    Kind("flow against the data", r"seq: \[cp_load, cp_run\]", _text("seq: [cp_run, cp_load]"), also=r"\$\{cp_load\."),
    Kind("step twice in the flow", r"seq: \[(\w+), ", _text(r"seq: [\1, \1, ")),
    Kind("bad unit", r"memory: (\d+)GB", _text(r"memory: \1Gigs"), r".*\.yaml"),
    Kind("no unit", r"time: (\d+)[mh]", _text(r"time: \1"), r".*\.yaml"),
    Kind("no cores", r"cpus: \d", _text("cpus: 0"), r".*\.yaml"),
    Kind("unclosed expression", r"\$\{[^}]*\}\"", lambda m: m[0].replace("}", ""), r".*\.yaml"),
    Kind("half an expression", r"\$\{(\w+)\.\w+\}\"", _text(r'${\1.}"'), r".*\.yaml"),
    Kind("an operator of C", r"!= 'H12'", _text("!= 'H12' && true")),
    Kind("condition that is none", r"where: \"[^\"]*\"", _text('where: "${site}"')),
    Kind("nothing passes", r"!= 'H12'", _text("== 'H12'")),
    Kind("number for a cell", r"!= 'H12'", _text("!= 12")),
    Kind("output without `${`", r"(report|vcf|plot): \"\$\{([\w.]+)\}\"", _text(r"\1: \2")),
    Kind("bad indent", r"^    (module: .*)$", _text(r"   \1"), around=True),
    Kind("tab", r"^    (module: .*)$", _text(r"\t\1")),
    Kind("unclosed quote", r"^(.*\"\$\{\w+\.\w+\})\"\}?$", _text(r"\1")),
    Kind("unclosed bracket", r"^(    by: \[[^\]]*)\]", _text(r"\1")),
    Kind("text after a value", r"^    module: (.*)$", _text(r"    module: a: \1")),
    Kind("alias of nothing", r"^    module: (.*)$", _text(r"    module: *\1")),
    Kind("removed table column", r"^well,treatment", _text("well,dose"), r"plates\.csv", r"\$\{.*\.treatment"),
    Kind("ragged table", r"^(A02,.*)$", _text(r"\1,more"), r"plates\.csv"),
    Kind("row twice in a table", r"^(A02,.*)$", _text(r"\1\n\1"), r"plates\.csv"),
    Kind("empty key in a table", r"^A02,", _text(","), r"plates\.csv"),
)


def mutants(files: Files) -> Iterator[Mutant]:
    """Every mutant of a spec."""
    for kind in KINDS:
        for name, text in files.items():
            if not re.fullmatch(kind.files, name):
                continue
            for match in list(re.finditer(kind.pattern, text, re.MULTILINE))[: kind.most]:
                new = kind.make(match)
                if new is None or new == match[0] or _in_comment(text, match.start()):
                    continue
                changed = text[: match.start()] + new + text[match.end() :]
                mutated = {**files, name: changed}
                lines = _changed_lines(text, changed, match.start())
                yield Mutant(kind.name, mutated, name, lines, _also(kind, match, name, mutated))


def _in_comment(text: str, at: int) -> bool:
    return "#" in text[text.rfind("\n", 0, at) + 1 : at]


def _changed_lines(text: str, changed: str, start: int) -> tuple[int, ...]:
    """The lines that differ from the original."""
    old, new = text.split("\n"), changed.split("\n")
    first = text.count("\n", 0, start) + 1
    while first <= min(len(old), len(new)) and old[first - 1] == new[first - 1]:
        first += 1
    return tuple(range(first, first + max(0, len(new) - len(old)) + 1))


def _also(kind: Kind, match: re.Match[str], name: str, files: Files) -> dict[str, frozenset[int]]:
    """The lines by file that may be mended instead; `\\1` in `also` is what the fault's place has there."""
    patterns = [re.sub(r"\\(\d)", lambda m: re.escape(match[int(m[1])]), kind.also)] if kind.also else []
    found = {}
    if kind.around:
        above = match.string[: match.start()].split("\n")
        first = max((n for n, line in enumerate(above, 1) if re.match(r"  \w+:", line)), default=1)
        step = re.match(r"\s*(\w*)", match.string.split("\n")[first - 1])
        patterns.append(rf"\$\{{{step[1] if step else ''}\.")
        below = files[name].split("\n")[first:]
        end = first + next((n for n, line in enumerate(below) if re.match(r" {0,2}\w", line)), len(below))
        inside = {n for n in range(first, end + 1) if n == first or "${" in files[name].split("\n")[n - 1]}
        found[name] = frozenset(inside)
    for pattern in patterns:
        for file, text in files.items():
            fitting = {n for n, line in enumerate(text.split("\n"), 1) if re.search(pattern, line)}
            found[file] = found.get(file, frozenset()) | fitting
    return found
