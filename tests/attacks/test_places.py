"""Every hostile text in every place of a spec: the job is exact, or the compile refuses with a code."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check, graph_of, optimize, verify_emitted
from sncompile.ir.jobs.expansion import jobs

from .corpus import Attack, as_yaml, combined, places, texts_for
from .outcome import EXACT, TARGETS, lower, outcomes, read_outcomes, wrong

EVERYTHING = os.environ.get("SNCOMPILE_ATTACKS") == "all"
READ_BACK = (
    "parameter",
    "environment",
    "shell_words",
    "input_path",
    "cell",
    "key_in_path",
    "script_file",
    "named_file",
)
"""Places whose emitted files Snakemake reads back here; with SNCOMPILE_ATTACKS=all it does so for each."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.mark.parametrize("place", places())
def test_text_alone(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The outcome of each text is the one that stands in `outcomes.json`, and nothing was run.

    Those that are exact in every target are told by the next test, all at once.
    """
    accept = request.config.getoption("--accept")
    recorded = read_outcomes().get(place, {})
    found = {}
    for number, (name, text) in enumerate(texts_for(places()[place])):
        if not (accept or EVERYTHING or _is_tried(place, number)) and name not in recorded:
            continue
        folder = tmp_path / "specs" / str(number)
        folder.mkdir(parents=True)
        outcome = outcomes(Attack(place, text), folder)
        if outcome != dict.fromkeys(TARGETS, EXACT):
            found[name] = dict(outcome)
    if accept:
        _record(place, found)
    else:
        assert found == recorded
    assert not [p for p in tmp_path.rglob("*") if p.name == "pwned"]


def _is_tried(place: str, number: int) -> bool:
    """Whether a text that is taken is tried by itself: where it cannot be put beside others, every fourth is."""
    return bool(places()[place].get("alone")) and number % 4 == 0


def _record(place: str, found: Mapping[str, Any]) -> None:
    every = {**read_outcomes(), place: found}
    kept = {name: every[name] for name in places() if every.get(name)}
    (Path(__file__).parent / "outcomes.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("place", [name for name, place in places().items() if not place.get("alone")])
def test_all_texts_at_once(place: str, target: str, tmp_path: Path) -> None:
    """What a target takes, it takes exactly: at every level, with rules that many texts share."""
    recorded = read_outcomes().get(place, {})
    taken = [t for name, t in texts_for(places()[place]) if recorded.get(name, {}).get(target, EXACT) == EXACT
             and "check" not in recorded.get(name, {})]  # fmt: skip
    attacks = {f"s{n}": Attack(place, text, f"s{n}") for n, text in enumerate(taken)}
    if not attacks:
        return
    for attack in attacks.values():
        attack.lay_out(tmp_path)
    (tmp_path / "spec.yaml").write_text(as_yaml(combined(list(attacks.values()))), "utf-8")
    graph = graph_of(check(tmp_path / "spec.yaml").require())
    for level in (0, 1, 2) if target == "snakemake" else (1,):
        after = optimize(graph, level, check=True).graph
        told = []
        for job in jobs(after):
            step = job.step.partition("/")[0]
            first = next(iter(job.key.values()), None) in (None, "one", attacks[step].text)
            told += wrong(attacks[step], job) if first else []
        assert told == []
        out = tmp_path / f"build-{level}"
        lower(after, target, out).write(out)
        if target == "snakemake" and level == 1 and (EVERYTHING or place in READ_BACK):
            assert verify_emitted(after, out) == after.job_count()
    assert not [p for p in tmp_path.rglob("*") if p.name == "pwned"]
