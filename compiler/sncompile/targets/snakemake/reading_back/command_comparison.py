"""The line that Snakemake hands to a shell, compared with a job of the graph.

Around a command or script stand its log, its environment, what runs it in a container, and what a rule that is known by
a mark does for its paths.
"""

from __future__ import annotations

import re
import shlex
import string
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sncompile.ir.graph.model import Family
from sncompile.ir.jobs.expansion import Job
from sncompile.lazy_regex import regex
from sncompile.targets.snakemake.commands import LOOK, PRINTED
from sncompile.targets.snakemake.containers import RUNNER, docker_name
from sncompile.targets.snakemake.shell_code import HOLDS, promised, promised_by

_WORD = r"""(?:[^\s;'"\\]|'[^']*'|"[^"]*"|\\.)*"""
_ROOM = regex(
    r"undo\(\) \{ rm -rf -- .*?; \}\ntrap 'test \$\? -eq 0 \|\| undo' EXIT\nundo\n"
    r'for path in .*?; do mkdir -p -- "\$\(dirname -- "\$path"\)"; done\n',
    re.DOTALL,
)
_MADE = regex(rf"mkdir -p(?: {_WORD})*\n", re.DOTALL)
_CHECK = regex(rf"\n(?:for path in |\[\[ \$\(find |(?:test ! -e {_WORD} \|\| )?{HOLDS} \d)")
"""How a line begins that looks at what a job has written."""


class Line(NamedTuple):
    """A job's own command or script, and what is not as it should be of what stands around it."""

    own: str
    told: tuple[str, ...]


def command_line(
    family: Family, job: Job, shell: str, log: str, *, marked: bool, sums: Mapping[str, str] | None = None
) -> Line:
    """The job's own command or script in a line of Snakemake's.

    What the compiler puts around it is taken away by its place and number, from both ends, whatever the job's own lines
    look like. `marked`: the job is known by a mark and has outputs, so that it makes room for them itself.
    """
    told: list[str] = []
    name = log
    log = shlex.quote(log)
    said = "" if marked else promised(family.success.non_empty, family.success.sha256)
    head, tail = f"exec &> {log}{said}\n", f" &> {log}{said}"
    checks = _checks(family, marked=marked)
    if shell.startswith(head):
        body, summed = _without_sums(shell.removeprefix(head))
        body, looks = _without_checks(body, checks)
        told += _unsummed(summed, job, sums or {})
        told += _promises(looks, family, job) if marked else ()
        told += [*_counts(looks, family, job), *_values(looks, family, job)]
        room = _ROOM.match(body) if marked else None
        body = body[room.end() :] if room is not None else body
        if any(output.create for output in family.outputs.values()):
            made = _MADE.match(body)
            body = body[made.end() :] if made is not None else body
            told += _created(shlex.split(made[0]) if made is not None else [], family, job)
        body, unwritten = _without_lists(body, family, job)
        told += [f"it does not write {path} as it should" for path in unwritten]
    elif shell.endswith(tail):
        body = shell.removesuffix(tail)
        told += [*_created([], family, job), *_counts("", family, job), *_values("", family, job)]
        told += [f"it does not write {path}" for path in job.lists]
        told += _unsummed([], job, sums or {})
    else:
        return Line(shell, (f"its log is not {name}{said and ', with what is promised behind it'}",))
    body, unset = _without_variables(body, family, job)
    told += [f"its variable {variable} is not {job.env[variable]!r}" for variable in unset]
    own = _unwrapped(body, family, job) if job.container is not None else body
    if job.command is None and (marked or checks) and own == body:
        own = body.removeprefix("(\n").removesuffix(")\n")
    return Line(own.strip("\n"), tuple(told))


_UNQUOTED = regex(r"[\w./:=,+@%^ -]*", re.ASCII)
"""A line that a shell only splits at its blanks."""


def words_of(line: str) -> list[str] | None:
    """The words that a shell makes of a line; None where a quote stays open.

    >>> words_of("cp 'a b' c"), words_of("cp 'a")
    (['cp', 'a b', 'c'], None)
    """
    if _UNQUOTED.fullmatch(line):
        return line.split()  # So are nearly all lines of a large workflow, and `shlex` looks at each character.
    try:
        return shlex.split(line)
    except ValueError:
        return None


_IF_THERE = r'(?:test ! -e "\$path" \|\| )?'
_FILLED = regex(rf'\nfor path in (.*?); do {_IF_THERE}test -s "\$path" \|\|', re.DOTALL)
_SUM = regex(
    rf"""\nfor path in (.*?); do {_IF_THERE}sha256sum < "\$path" \| grep -qxF '([0-9A-Fa-f]+)  -' \|\|""", re.DOTALL
)
_COUNT = regex(r"\n\[\[ \$\(find (.*?) -type f \| wc -l\) -ge (\d+) \]\] \|\|", re.DOTALL)
_AT_LEAST = regex(rf"\n(?:test ! -e {_WORD} \|\| )?{HOLDS} (\d+)((?: {_WORD})+)(?=\n)", re.DOTALL)


_SUMMED = regex(
    rf"\(sums=\(([0-9a-f -]*)\) n=0\nfor path in ((?: ?{_WORD})*); do {re.escape(LOOK)}; done\)\n", re.DOTALL
)


def _without_sums(body: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands after the looks at input files, and the paths that are looked at with their sums."""
    found: list[tuple[str, str]] = []
    while (match := _SUMMED.match(body)) is not None:
        found += zip(shlex.split(match[2]), match[1].split(), strict=False)
        body = body[match.end() :]
    return body, found


def _unsummed(found: list[tuple[str, str]], job: Job, sums: Mapping[str, str]) -> Iterator[str]:
    """The input files that are not looked at as is said, or looked at for something else."""
    read = {path for value in job.inputs.values() if value is not None for path in _paths(value)}
    wanted = {(path, sums[path]) for path in read if path in sums}
    if {pair for pair in found if pair[1] != "-"} != wanted:
        yield f"of its inputs other files are looked at than {sorted(path for path, _ in wanted)}"


def _promises(looks: str, family: Family, job: Job) -> Iterator[str]:
    """What Snakemake would look at of outputs that it knew, and nobody looks at."""
    filled = {path for words in _FILLED.findall(looks) for path in shlex.split(words)}
    sums = {(path, total) for words, total in _SUM.findall(looks) for path in shlex.split(words)}
    for port in family.success.non_empty:
        if not filled.issuperset(_paths(job.outputs[port])):
            yield f"nobody looks whether `{port}` is empty"
    for port, total in family.success.sha256.items():
        if not sums.issuperset((path, total) for path in _paths(job.outputs[port])):
            yield f"nobody looks for the sum of `{port}`"


def _counts(looks: str, family: Family, job: Job) -> Iterator[str]:
    """What of the least numbers of files in directories is not looked at."""
    counted = {(*shlex.split(words), int(least)) for words, least in _COUNT.findall(looks)}
    counted |= {(*shlex.split(words), int(least)) for least, words in _AT_LEAST.findall(looks)}
    for port, least in family.success.min_files.items():
        if (*_paths(job.outputs[port]), least) not in counted:
            yield f"nobody looks for {least} files in `{port}`"


_VALUE = regex(r"""\nfor path in (.*?); do bash (?:'.*?/|\S*/)?value\.sh'? (\w+) "\$path\"""", re.DOTALL)


def _values(looks: str, family: Family, job: Job) -> Iterator[str]:
    """What of the values in files is not looked at."""
    seen = {(path, kind) for words, kind in _VALUE.findall(looks) for path in shlex.split(words)}
    for port, output in family.outputs.items():
        if output.value and not seen.issuperset((path, output.value) for path in _paths(job.outputs[port])):
            yield f"nobody looks whether `{port}` holds a value of the type {output.value}"


def _created(words: list[str], family: Family, job: Job) -> Iterator[str]:
    """What is not made before the command, of what the command wants to be there."""
    for port, output in family.outputs.items():
        if output.create and not set(_paths(job.outputs[port])) <= set(words):
            yield f"`{port}` is not made before"


def _paths(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _checks(family: Family, *, marked: bool) -> int:
    """How many lines look at what a job has written."""
    success, outputs = family.success, family.outputs
    found = len(success.min_files) + sum(bool(output.value) for output in outputs.values())
    if marked:
        kinds = {test for n, o in outputs.items() for test in promised_by(o.optional, n in success.non_empty)}
        found += len(kinds) + len(success.sha256) + any(output.base == "directory" for output in outputs.values())
    return found


def _without_checks(body: str, count: int) -> tuple[str, str]:
    """What a job runs, and the lines after it that look at what it has written."""
    body = whole = f"\n{body}"
    starts = [match.start() for match in _CHECK.finditer(body)]
    if count and starts:
        body = body[: starts[-count:][0] + 1]
    return body.removeprefix("\n"), whole[len(body) - 1 :]


_LIST = regex(rf"""\(list=({_WORD}); mkdir -p -- "\$\{{list%/\*\}}"\nfor item in """, re.DOTALL)
"""How it begins that a list file is written."""


def _without_lists(body: str, family: Family, job: Job) -> tuple[str, list[str]]:
    """A command or script without what writes its list files, and those that are not written as they should be."""
    told: list[str] = []
    for (path, text), file in zip(job.lists.items(), family.lists.values(), strict=True):
        found, end = _LIST.match(body), file.ended_by
        tail = f"""; do printf '{PRINTED[end]}' "$item"; done > "$list")\n"""
        rest = body[found.end() :] if found is not None else ""
        items = shlex.join(text.removesuffix(end).split(end)) if text else ""
        # Most are quoted one by one; to read them as a shell does takes its time.
        at = len(items) if rest.startswith(f"{items}{tail}") else rest.find(tail)
        if found is None or at < 0:
            told.append(path)
            continue
        same = rest[:at] == items or _each(rest[:at], end) == text
        told += [] if same and shlex.split(found[1]) == [path] else [path]
        body = rest[at + len(tail) :]
    return body, told


def _each(words: str, end: str) -> str | None:
    """Words of the shell with something behind each; None for what are none."""
    try:
        return "".join(f"{word}{end}" for word in shlex.split(words))
    except ValueError:
        return None


def _without_variables(body: str, family: Family, job: Job) -> tuple[str, list[str]]:
    """A command or script without what sets its variables before it, and those that are not set so."""
    unset: list[str] = []
    end = "\n" if job.command is None else r";\s"
    for name in (variable.name for variable in family.env if not variable.secret):
        match = re.compile(rf"export {re.escape(name)}=({_WORD}){end}", re.DOTALL).match(body)
        if match is not None and (shlex.split(match[1]) or [""]) == [job.env.get(name)]:
            body = body[match.end() :]
        elif name in job.env:
            unset.append(name)
    return body, unset


def script_differs(body: str, job: Job) -> str | None:
    """How a script differs from the job's, in words; None where it does not."""
    wanted = (job.shell or "").strip("\n")
    return None if body == wanted or _marks(body) == _marks(wanted) else f"its script is {body!r}, not {job.shell!r}"


_SAFE = frozenset(string.ascii_letters + string.digits + "@%+=:,./-_")


def _marks(script: str) -> list[tuple[str, str]]:
    """The signs of a script, each with the quotes around it where they matter; the quotes themselves are left out.

    A value that is put together of several is quoted whole in one text and part by part in the other.

    >>> _marks("x=a' b'") == _marks("'x=a b'"), _marks("$a") == _marks("'$a'")
    (True, False)
    """
    found: list[tuple[str, str]] = []
    quote = ""
    for sign in script:
        if sign == quote:
            quote = ""
        elif not quote and sign in "'\"":
            quote = sign
        else:
            found.append((sign, "" if sign in _SAFE else quote))
    return found


def _unwrapped(body: str, family: Family, job: Job) -> str:
    """What is to run in a container, without the words that have it do so; anything else is left as it is."""
    image = docker_name(str(job.container))
    options = [word for v in family.env for word in ("--env", v.name)]
    options += ["--network"] if family.network else []
    wrapper = f"{shlex.join([*options, image or ''])} "
    if job.command is not None:
        inside = _inside(body, wrapper)
        return body if inside is None else inside
    head, start, call = body.rpartition("}\n")
    called = _inside(call, wrapper) == 'bash -euo pipefail -c "$(declare -f script); script"\n'
    return head.removeprefix("script() {\n") if start and called and head.startswith("script() {\n") else body


_RUNNER = regex(rf"bash \S*{re.escape(RUNNER)} ")
_INPUTS = r"--inputs <(printf '%s\0' "


def _inside(call: str, wrapper: str) -> str | None:
    """What is called by the words that end in `wrapper`, after the job's inputs; None where it is not called so."""
    start = _RUNNER.match(call)
    if start is None:
        return None
    rest = call[start.end() :]
    if rest.startswith(_INPUTS):
        _, _, rest = rest.partition(f") {wrapper}")
        return rest or None
    return rest.removeprefix(wrapper) if rest.startswith(wrapper) else None
