"""Runs after edits do what has to be done: random pipelines, edited several times, against a model of its own.

`python -m tests.engines.state_edits FOLDER --seeds 1-200` tries more.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .state_edits import MATTER, NOTHING, play


def test_there_are_many_kinds_of_edits() -> None:
    assert len(MATTER) >= 20
    assert len(NOTHING) >= 20


@pytest.mark.parametrize(("seed", "optimize"), [(300, 0), (301, 1), (600, 1), (102, 2)])
def test_a_run_after_edits_does_what_has_to_be_done(tmp_path: Path, seed: int, optimize: int) -> None:
    faults, _, _ = play(tmp_path / "pipeline", seed, rounds=4, fresh_every=4, optimize=optimize)
    assert not faults
