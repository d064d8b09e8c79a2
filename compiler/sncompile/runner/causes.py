"""Why a job failed: worked out from what the engine told of it and from the end of its log, with what to do about it.

A tool's own error is told by its log. What is found here lies between the tool and the machine: a cluster that did not
take the job, a disk that is full, a process that was killed. Of these the log says little or nothing.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sncompile.diagnostics import Fault
from sncompile.faults import runs as faults
from sncompile.lazy_regex import regex
from sncompile.runner.progress import JobRecord
from sncompile.views.rounded import size_text

_KILLED = regex(r"ended by the signal SIGKILL|exit status 137$")
_OUT_OF_MEMORY = regex(r"OUT_OF_ME|OOMKilled|oom[-_ ]kill|\bOOM\b", re.IGNORECASE)
_BY_SIGNAL = regex(r"exit status (1\d\d)")
_TOLD = frozenset(
    (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
     signal.SIGSEGV, signal.SIGPIPE, signal.SIGALRM, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ)
)  # fmt: skip
_DISK = regex(r"No space left on device|Disk quota exceeded|Read-only file system", re.IGNORECASE)
_TOO_LONG = regex(r"Argument list too long", re.IGNORECASE)
_TRACED = regex(r"^\s+File \".*\", line \d+|^Traceback ", re.MULTILINE)
_CALL = regex(r"^\s*\w+ call:\s*$")
"""What begins the lines in which an executor repeats the words by which it submitted a job."""

_MEANS_NOTHING = ("mem", "mem_mib", "disk", "disk_mib", "tmpdir")
"""Resources that Snakemake makes of others by itself."""


class Cause(NamedTuple):
    """Why a job failed: the kind of fault, what became of the job and why, in words, and what may be done."""

    fault: Fault
    how: str
    why: str
    advice: tuple[str, ...] = ()


def cause_of(job: JobRecord, log: Sequence[str], kinds: Sequence[str], engine_said: str = "") -> Cause:
    """Why a job failed. `log` are the last lines of its logs, `kinds` those of what its step writes (`file`,
    `directory`), and `engine_said` is what the engine's log says of it, where the engine told nothing else."""
    said = told_words(job.said)
    status = job.status or said
    if not job.submitted:
        words = said if said and not said.endswith(":") else f"{said} {engine_said}".strip()
        return Cause(faults.NOT_SUBMITTED, "could not be submitted", words or "nobody said why", _on_submission(job))
    if job.wrong_kind:
        return _wrong_kind(job, kinds)
    if job.gone:
        more = f" (and {len(job.gone) - 1} more)" if len(job.gone) > 1 else ""
        why = f"it could not begin: `{job.gone[0]}`{more}, which it reads, is not there any more"
        return Cause(faults.JOB_FAILED, "failed", why, _ON_GONE)
    if found := _disk(job, log, said):
        return Cause(faults.CANNOT_WRITE, "failed", f"{status}; {found}" if status else found, ON_DISKS)
    if not job.fetched:
        return Cause(faults.JOB_FAILED, "could not start", said, _ON_UNFETCHED)
    if _TOO_LONG.search("\n".join((*log, said))):
        why = f"{status}; a command line is longer than the system takes" if status else said
        return Cause(faults.TOO_LONG, "failed", why, _ON_LENGTH)
    if _OUT_OF_MEMORY.search(said) or any(_OUT_OF_MEMORY.search(line) for line in log[-3:]):
        return Cause(faults.KILLED, "failed", f"{status or said}; it needed more memory than it had", _on_memory(job))
    if _KILLED.search(job.status):
        why = "exit status 137: it was killed" if "137" in job.status else "it was killed (SIGKILL)"
        return Cause(faults.KILLED, "failed", f"{why}, most likely because memory ran out", _on_memory(job))
    if (name := _signal_of(job.status)) is not None:
        advice = _ON_PIPES if name == "SIGPIPE" else ()
        return Cause(faults.JOB_FAILED, "failed", f"{status}, by which a shell tells of the signal {name}", advice)
    silent = job.status == "exit status 1" and not any(line.strip() for line in log)
    why = status or "it did not end well; the engine's log tells more"
    return Cause(faults.JOB_FAILED, "failed", why, tuple(_on_silence(job.shell)) if silent else ())


def _on_silence(shell: str) -> Iterator[str]:
    """What may have ended a script with 1 and without a word: programs that answer a question by their exit status."""
    for program in dict.fromkeys(_ANSWERING.findall(shell)):
        yield f"`{program}` ends with 1 {_ANSWERS[program]}, which ends the script: where that is"
        yield f"no failure, let it pass by `{program} … || test $? -eq 1`"


def _signal_of(status: str) -> str | None:
    """The signal that an exit status stands for: that of a program that a shell has run, and that a signal ended.

    >>> _signal_of("exit status 139"), _signal_of("exit status 1"), _signal_of("exit status 255")
    ('SIGSEGV', None, None)
    """
    found = _BY_SIGNAL.fullmatch(status)
    number = int(found[1]) - 128 if found is not None else 0
    return signal.Signals(number).name if number in _TOLD else None


def told_words(message: str) -> str:
    """What a message of the engine's says, as one line: no traceback, no command that it repeats, no URL twice.

    >>> told_words("Failed to check existence of http://h/a\\nhttp://h/a: http://h does not answer")
    'Failed to check existence of http://h/a: http://h does not answer'
    """
    lines: list[str] = []
    traced = _TRACED.search(message) is not None
    for line in message.split("\n"):
        if _CALL.match(line):
            break
        # Of a traceback, what is indented is code, and what is not says what was raised.
        if line.strip() and not (traced and line.startswith((" ", "Traceback", "During handling", "The above exc"))):
            lines.append(line.strip())
    return _TWICE.sub(r"\1", " ".join(dict.fromkeys(lines)))


_TWICE = regex(r"(?<!\S)(\w+://\S+) \1(?![\w/])")
"""A URL that a message ends with and that the next one begins with."""


def asked_for(job: JobRecord) -> str:
    """What a job asked for, in words."""
    return ", ".join(_asked(job.resources, job.threads))


def _asked(resources: Mapping[str, Any], threads: int) -> Iterator[str]:
    yield f"{threads} CPU{'' if threads == 1 else 's'}"
    yield memory_text(resources)
    for name, value in resources.items():
        if name == "runtime":
            yield f"{value} minutes"
        elif name == "disk_mb":
            yield f"{value} MB of disk"
        elif name != "mem_mb" and name not in _MEANS_NOTHING and not name.startswith("_"):
            yield f"{name}={value}"


def memory_text(resources: Mapping[str, Any]) -> str:
    """The memory that a job asked for, in words."""
    memory = resources.get("mem_mb")
    return f"{size_text(int(memory * 1e6))} of memory" if isinstance(memory, (int, float)) else "no memory"


def _on_submission(job: JobRecord) -> tuple[str, ...]:
    return (
        f"it asked for {asked_for(job)}",
        "change `resources` of the step or its module, or what the profile says: account, partition, default-resources",
    )


def _wrong_kind(job: JobRecord, kinds: Sequence[str]) -> Cause:
    paths = ", ".join(f"`{path}`" for path in job.lacking)
    one = len(job.lacking) == 1
    if "directory" not in kinds:
        told = "is a directory where a file was promised" if one else "are directories where files were promised"
        help = "declare it as `type: directory`, or have the tool write a file at that path"
    elif "file" not in kinds:
        told = "is a file where a directory was promised" if one else "are files where directories were promised"
        help = "declare it as `type: file`, or have the tool write into the directory at that path"
    else:
        told = "is a directory where a file was promised, or the other way round"
        help = "`type` of an output says which of the two it is; the tool has to write that"
    return Cause(faults.WRONG_KIND, "failed", f"{paths} {told}", (help,))


def _disk(job: JobRecord, log: Sequence[str], said: str) -> str | None:
    """Which disk could not be written to, as it was seen when the job failed, and by what the tool said."""
    seen = [told for disk in job.disks if (told := disk.trouble) is not None]
    words = next(filter(None, map(says_disk, (*reversed(log), said))), None)
    if seen:
        return "; ".join(seen)
    # What it wrote is deleted by now, and a quota or a disk of another machine cannot be seen from here.
    return f"a disk could not be written to ({words})" if words is not None else None


def says_disk(text: str) -> str | None:
    """What a text says of a disk that could not be written to."""
    found = _DISK.search(text)
    return found[0] if found is not None else None


ON_DISKS = (
    "make room there, or have it written elsewhere (`--data NAME=PATH`, `TMPDIR` for temporary files); then run again",
)
_ON_GONE = (
    "something has deleted or moved it since the run began: bring it back, and run again",
    "where the file system shows files late, have the run wait for them: `-- --latency-wait 60`",
)
_ON_UNFETCHED = (
    "nothing of it was run; run again to have the file fetched once more",
    "`retries` of the step has it tried again within a run",
)
_ON_PIPES = (
    "a program in a pipe still wrote when the one that reads from it had ended, as with `| head`, and scripts run with",
    "`pipefail`: have it write no more than is read, or let the whole pipe pass by `|| true` behind it",
)
_ANSWERS = {
    **dict.fromkeys(("grep", "egrep", "fgrep", "zgrep"), "where it finds nothing"),
    **dict.fromkeys(("diff", "cmp"), "where it finds a difference"),
    "read": "where there is no line to read, as jobs have no standard input",
}
_ANSWERING = regex(rf"(?:^|[|;&(]|\$\()\s*({'|'.join(_ANSWERS)})(?=\s)", re.MULTILINE)
_ON_LENGTH = (
    "hand the tool a folder or a file with the list instead, or gather fewer files in one job:",
    "Linux takes 2 MB of arguments in all, and 128 KiB of one",
)


def _on_memory(job: JobRecord) -> tuple[str, ...]:
    return (
        f"it had asked for {memory_text(job.resources)}",
        "ask for more (`resources: {memory: …}` at its step or module), or run fewer jobs at once (`--cores`);",
        "`run --benchmark` measures what jobs need",
    )
