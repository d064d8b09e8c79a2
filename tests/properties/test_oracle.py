"""Random specs: the compiler and the oracle must agree on every job."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import asdict
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings

from sncompile.testing.spec import Spec

from .compiled import Refused, compile_spec
from .oracle import (
    ALL_ABSENT,
    GATHER_WITHOUT_ROWS,
    GONE_WITH_FAULT,
    NOTHING_TO_TAKE,
    UNSAID,
    WITHOUT_ROWS,
    Fault,
    Job,
    Undecided,
    jobs_of,
)
from .strategies import specs

EXAMPLES = int(os.environ.get("SNCOMPILE_EXAMPLES", "100"))
# The same specs every time, unless more are asked for: a search for new ones has its own command.
SAME = "SNCOMPILE_EXAMPLES" not in os.environ
OPEN = {ALL_ABSENT, GATHER_WITHOUT_ROWS, GONE_WITH_FAULT}
"""Where the language does not say whether there is an error."""

WRONG_KIND = "SN422"


CALLS = """\
command_not_found_handle() { local call; printf -v call '%q ' "$@"; printf '%s\\n' "$call" >&3; }
"""


@cache
def calls(script: str) -> list[str]:
    """The commands that bash calls for a script, each with its words; where a value stands in its text is no matter."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as told:
        with os.fdopen(write, "wb"):
            bash = ["bash", "-c", f"exec 3>&{write}\n{CALLS}PATH=/nowhere\n{script}"]
            env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "LC_ALL": "C.UTF-8"}
            subprocess.run(bash, pass_fds=[write], env=env, capture_output=True, check=True)
        return sorted(told.read().decode().splitlines())


def same(found: object, expected: object) -> bool:
    """Whether two fields of a job are equal; a list port that is absent may be printed as an empty list."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all((found[k] or None) == (expected[k] or None) for k in found)
    return found == expected


def compare(found: list[Job], expected: list[Job]) -> None:
    """Raise where two lists of jobs differ; the order of jobs is the compiler's own."""
    assert sorted(j.id for j in found) == sorted(j.id for j in expected)
    wanted = {job.id: job for job in expected}
    for job in found:
        for name, value in asdict(job).items():
            other = getattr(wanted[job.id], name)
            if other == UNSAID:
                continue
            if name == "shell" and None not in (value, other):
                value, other = calls(value), calls(other)
            assert same(value, other), (job.id, name, value, other)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SAME,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(specs())
def test_compiler_agrees_with_the_oracle(spec: Spec) -> None:
    expected: list[Job] | Fault
    noticed: set[str] = set()
    try:
        expected = jobs_of(spec, noticed)
    except Undecided as reason:
        event(f"undecided: {reason}")
        return
    except Fault as fault:
        expected = fault
    for reason in noticed:
        event(f"noticed: {reason}")
    if noticed & OPEN:
        return
    with tempfile.TemporaryDirectory() as folder:
        found = compile_spec(spec, Path(folder))
    try:
        if isinstance(expected, Fault):
            event(f"fault: {expected}")
            assert isinstance(found, Refused), f"no error for: {expected}"
        else:
            if WITHOUT_ROWS in noticed and isinstance(found, Refused):
                event("refused by its types, which are looked at whatever rows there are")
                return
            if NOTHING_TO_TAKE in noticed and isinstance(found, Refused) and found.is_all(WRONG_KIND):
                event("refused by its types, though no instance has what it would take")
                return
            event("valid")
            assert not isinstance(found, Refused), found
            compare(found, expected)
    except AssertionError as error:
        error.add_note(spec.text())
        raise
