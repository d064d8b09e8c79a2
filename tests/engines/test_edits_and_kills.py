"""A thousand random edits between runs, some of which are killed, against a model of what has to run.

Each share plays pipelines, nested ones among them, until it has made its edits. Runs are killed when so many jobs have
begun or ended; some follow one of a part of the pipeline. After each the files are what the model says, and now and
then they are compared with those of a run from nothing.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from .state_edits import play

SHARES = 10
EDITS = 52
"""So many edits a share makes at least, at each of two levels."""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find all processes of a run")
@pytest.mark.parametrize("optimize", [1, 2])
@pytest.mark.parametrize("share", range(SHARES))
def test_a_thousand_edits(tmp_path: Path, share: int, optimize: int) -> None:
    done = 0
    for seed in count(10_000 * optimize + 100 * share):
        faults, tried, _ = play(tmp_path / str(seed), seed, rounds=6, optimize=optimize, most=6, kills=0.3, parts=0.2)
        assert not faults
        done += sum(number for kind, number in tried.items() if not kind.startswith("("))
        if done >= EDITS:
            return
