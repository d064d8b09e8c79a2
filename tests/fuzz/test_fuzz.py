"""Fuzzing in short: every input of the corpus, every one that was once found, and some new ones of a fixed seed.

`make fuzz SECONDS=…` goes on for longer, with other seeds, and lets the corpus grow.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.testing.spec import Spec, write_spec
from sncompile.testing.strategies import specs

from ..attacks.corpus import texts
from . import worker
from .seeds import kept, surroundings
from .target import compile_everywhere


def test_the_corpus(tmp_path: Path) -> None:
    """Each input that fuzzing has kept goes through, in time."""
    inputs = kept()
    assert inputs
    for number, (page, data) in enumerate(inputs):
        spec = surroundings(page, tmp_path / str(number))
        assert spec is not None
        spec.write_bytes(data)
        started = time.process_time()
        compile_everywhere(spec)
        assert time.process_time() - started < worker.SECONDS_FOR_ONE, (page, data)


def test_new_inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few seconds of what `make fuzz` does; nothing is kept."""
    monkeypatch.setattr(worker, "keep", lambda page, data, folder=None: f"{page}: {data!r}")
    assert worker.run(10, 5, tmp_path) == 0


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec=specs(), text=st.sampled_from(sorted(texts().values())), data=st.data())
def test_random_specs_with_hostile_texts(
    spec: Spec, text: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A valid spec, some text of which is replaced by one of the corpus of attacks, is compiled or refused."""
    places = [(h, k) for h, k in _texts(spec.pipeline) if k not in ("sncompile", "pipeline")]
    holder, key = data.draw(st.sampled_from(places))
    holder[key] = text
    compile_everywhere(write_spec(spec, tmp_path_factory.mktemp("spec")))


def _texts(tree: object) -> list[tuple[dict[object, object] | list[object], object]]:
    found: list[tuple[dict[object, object] | list[object], object]] = []
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            found += [(tree, key)] if isinstance(value, str) else _texts(value)
    return found
