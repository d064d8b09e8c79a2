"""Every hostile text in every place of a spec: the job is exact, or the compile refuses with a code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .corpus import Attack, places, texts_for
from .outcome import EXACT, TARGETS, outcomes, read_outcomes


@pytest.mark.parametrize("place", places())
def test_place(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The outcome of each text is the one that stands in `outcomes.json`, and nothing was run."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("SNCOMPILE_ATTACKED", "1")
    found = {}
    for number, (name, text) in enumerate(texts_for(places()[place])):
        folder = tmp_path / "specs" / str(number)
        folder.mkdir(parents=True)
        outcome = outcomes(Attack(place, text), folder)
        if outcome != dict.fromkeys(TARGETS, EXACT):
            found[name] = dict(outcome)
    every = read_outcomes()
    if request.config.getoption("--accept"):
        every[place] = found
        kept = {name: every[name] for name in places() if every.get(name)}
        text = json.dumps(kept, indent=1)
        (Path(__file__).parent / "outcomes.json").write_text(text + "\n", "utf-8")
    else:
        assert found == every.get(place, {})
    assert not [p for p in tmp_path.rglob("*") if p.name == "pwned"]
