"""The line that Snakemake hands to a shell, compared with a job of the graph.

Around a command or script stand its log, its environment, what runs it in a container, and what a rule that is known by
a mark does for its paths.
"""

from __future__ import annotations

import re
import shlex
import string

from sncompile.ir.graph import Family
from sncompile.ir.jobs import Job
from sncompile.targets.snakemake.containers import RUNNER, docker_name

_PRELUDE = ("undo() { ", "trap 'test $? -eq 0 || undo' EXIT", "undo\n", "for path in ", 'test "$(find ', "mkdir -p ")


def command_line(family: Family, job: Job, shell: str, log: str) -> str | None:
    """The job's own command or script in a line of Snakemake's; None where it does not write its log."""
    log = shlex.quote(log)
    head = f"exec &> {log}\n"
    body = _own(shell.removeprefix(head), job) if shell.startswith(head) else shell.removesuffix(f" &> {log}")
    if body == shell:
        return None
    for name, value in job.env.items():
        if value != "***":
            body = body.removeprefix(f"export {name}={shlex.quote(value)}").lstrip("; \n")
    if job.container is not None:
        body = _unwrapped(body, family, job)
    return body.strip("\n")


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


def _own(body: str, job: Job) -> str:
    """A script without the lines that the compiler put around it."""
    lines = body.splitlines(keepends=True)
    theirs = set((job.shell or "").splitlines())
    return "".join(
        line
        for line in lines
        if line.rstrip("\n") in theirs or not (line.startswith(_PRELUDE) or line in ("(\n", ")\n"))
    )
