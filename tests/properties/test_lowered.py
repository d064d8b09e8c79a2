"""The jobs of the lowered model are the jobs of the graph, whatever the spec and after whichever passes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sncompile.api import check, graph_of
from sncompile.ir.graph.model import Graph
from sncompile.passes.pipeline import LEVELS, optimize
from sncompile.testing.spec import Spec, write_spec

from ..lowered_jobs import differences
from .specs.pipelines import make
from .test_passes import EXAMPLES, SPECS

SEEDS = range(max(EXAMPLES * 3, 100))
AT_ONCE = 20

varied = settings(
    max_examples=EXAMPLES,
    deadline=None,
    # To shrink one takes longer than to read it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)


@contextmanager
def graph_at(path: Path, text: str) -> Iterator[Graph | None]:
    """The graph of a spec's file, None for a spec that is wrong. A failure shows the spec."""
    checked = check(path)
    try:
        yield None if checked.failed else graph_of(checked.require())
    except Exception as error:
        error.add_note(text)
        raise


@varied
@given(SPECS)
def test_the_jobs_of_the_lowered_model(spec: Spec) -> None:
    """After the passes of every level."""
    with tempfile.TemporaryDirectory() as folder, graph_at(write_spec(spec, Path(folder)), spec.text()) as graph:
        if graph is not None:
            for level in LEVELS:
                assert not list(differences(optimize(graph, level).graph))


@pytest.mark.parametrize("seeds", [range(n, n + AT_ONCE) for n in SEEDS[::AT_ONCE]], ids=str)
def test_the_jobs_of_the_lowered_model_of_other_specs(seeds: range, tmp_path: Path) -> None:
    """Of specs that another hand makes."""
    for seed in seeds:
        spec = make(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        with graph_at(spec.write(folder), spec.text()) as graph:
            if graph is not None:
                for level in LEVELS:
                    assert not list(differences(optimize(graph, level).graph))
