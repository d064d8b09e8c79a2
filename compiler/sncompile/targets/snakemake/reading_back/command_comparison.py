"""The line that Snakemake hands to a shell, compared with a job of the graph.

Around a command or script stand its log, its environment, what runs it in a container, and what a rule that is known by
a mark does for its paths.
"""

from __future__ import annotations

import re
import shlex
import string

from sncompile.ir.graph.model import Family
from sncompile.ir.jobs.expansion import Job
from sncompile.targets.snakemake.containers import RUNNER, docker_name

_WORD = r"""(?:[^\s;'"\\]|'[^']*'|"[^"]*"|\\.)*"""
_ROOM = re.compile(
    r"undo\(\) \{ rm -rf -- .*?; \}\ntrap 'test \$\? -eq 0 \|\| undo' EXIT\nundo\n"
    r'for path in .*?; do mkdir -p -- "\$\(dirname -- "\$path"\)"; done\n',
    re.DOTALL,
)
_MADE = re.compile(rf"mkdir -p(?: {_WORD})*\n", re.DOTALL)
_CHECKS = ("\nfor path in ", '\ntest "$(find ')
"""How a line begins that looks at what a job has written."""


def command_line(family: Family, job: Job, shell: str, log: str, *, marked: bool) -> str | None:
    """The job's own command or script in a line of Snakemake's; None where it does not write its log.

    What the compiler puts around it is taken away by its place and number, from both ends, whatever the job's own lines
    look like. `marked`: the job is known by a mark and has outputs, so that it makes room for them itself.
    """
    log = shlex.quote(log)
    head, tail = f"exec &> {log}\n", f" &> {log}"
    checks = _checks(family, marked=marked)
    if shell.startswith(head):
        body = _without_checks(shell.removeprefix(head), checks)
        room = _ROOM.match(body) if marked else None
        body = body[room.end() :] if room is not None else body
        if any(output.create for output in family.outputs.values()):
            made = _MADE.match(body)
            body = body[made.end() :] if made is not None else body
    elif shell.endswith(tail):
        body = shell.removesuffix(tail)
    else:
        return None
    body = _without_variables(body, family, job)
    own = _unwrapped(body, family, job) if job.container is not None else body
    if job.command is None and (marked or checks) and own == body:
        own = body.removeprefix("(\n").removesuffix(")\n")
    return own.strip("\n")


def _checks(family: Family, *, marked: bool) -> int:
    """How many lines look at what a job has written."""
    success, outputs = family.success, family.outputs
    found = len(success.min_files)
    if marked:
        kinds = {n in success.non_empty and output.base == "file" for n, output in outputs.items()}
        found += len(kinds) + len(success.sha256) + any(output.base == "directory" for output in outputs.values())
    return found


def _without_checks(body: str, count: int) -> str:
    body = f"\n{body}"
    for _ in range(count):
        at = max(map(body.rfind, _CHECKS))
        if at < 0:
            break
        body = body[: at + 1]
    return body.removeprefix("\n")


def _without_variables(body: str, family: Family, job: Job) -> str:
    """A command or script without what sets its variables before it."""
    end = "\n" if job.command is None else r";\s"
    for name in (variable.name for variable in family.env if not variable.secret):
        match = re.compile(rf"export {re.escape(name)}=({_WORD}){end}", re.DOTALL).match(body)
        if match is not None and (shlex.split(match[1]) or [""]) == [job.env.get(name)]:
            body = body[match.end() :]
    return body


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
    wrapper = re.compile(rf"bash \S*{re.escape(RUNNER)} {re.escape(shlex.join([*options, image or '']))} ")
    if job.command is not None:
        return wrapper.sub("", body, count=1) if wrapper.match(body) else body
    head, start, call = body.rpartition("}\n")
    called = wrapper.fullmatch(call.removesuffix('bash -euo pipefail -c "$(declare -f script); script"\n'))
    return head.removeprefix("script() {\n") if start and called and head.startswith("script() {\n") else body
