"""What must be equal for two steps to be merged is every field of theirs, but for those that are named to vary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check, graph_of, optimize
from sncompile.ir.graph.commands import Success
from sncompile.ir.graph.model import Family, Input, Output
from sncompile.ir.graph.structure import fixed_structure, settings, settings_structure
from sncompile.ir.language.types import INTEGER
from sncompile.ir.values.model import Const

SPEC = """\
sncompile: 1
pipeline: main
steps:
  a: {with: {i: raw}, module: {inputs: {i: {type: file}}, outputs: {o: {type: file}}, command: [cp, "${inputs.i}", "${outputs.o}"]}}
"""  # noqa: E501


@pytest.fixture
def family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Family:
    monkeypatch.chdir(tmp_path)
    Path("raw").touch()
    Path("main.yaml").write_text(SPEC)
    return graph_of(check("main.yaml").require()).families["a"]


def _other(value: Any, family: Family) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, Success):
        return Success(non_empty=("o",))
    if isinstance(value, tuple):
        return (*value, 1)
    if value is None:
        return "x"
    return {**value, "cpus": Const(8, INTEGER, family.span)}


@pytest.mark.parametrize("name", [*settings(), "network", "conda"])
def test_every_setting_of_a_step_counts(name: str, family: Family) -> None:
    """A field that a family gets is a setting, unless somebody says otherwise."""
    changed = family._replace(**{name: _other(getattr(family, name), family)})
    assert settings_structure(changed) != settings_structure(family)


@pytest.mark.parametrize("name", [n for n in Output._fields if n not in ("path", "span")])
def test_every_field_of_an_output_counts(name: str, family: Family) -> None:
    output = family.outputs["o"]
    assert fixed_structure(output._replace(**{name: _other(getattr(output, name), family)})) != fixed_structure(output)


@pytest.mark.parametrize("name", [n for n in Input._fields if n not in ("value", "required")])
def test_every_field_of_an_input_counts(name: str, family: Family) -> None:
    port = family.inputs["i"]
    assert fixed_structure(port._replace(**{name: _other(getattr(port, name), family)})) != fixed_structure(port)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("outputs: {o: results/a_2/o}", ""),
        ("outputs: {o: {temp: true}}", "outputs: {o: {protected: true}}"),
        ("retries: 1", "retries: 2"),
        ("local: true", ""),
    ],
)
def test_steps_that_are_kept_or_run_differently_stay_apart(
    one: str, other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At -O2 a path that the spec names is not deleted because a step beside it has a derived one."""
    monkeypatch.chdir(tmp_path)
    module = (
        'module: {params: {x: {type: string}}, outputs: {o: {type: file}}, command: [a, "${outputs.o}", "${params.x}"]}'
    )
    steps = "".join(
        f"  a_{n}: {{with: {{x: '{n}'}}, {said}{', ' if said else ''}{module}}}\n" for n, said in ((1, other), (2, one))
    )
    ports = 'inputs: {i: {type: "file[]"}}, outputs: {o: {type: file}}'
    use = '{with: {i: ["${a_1.o}", "${a_2.o}"]}, module: {%s, command: [b]}}' % ports
    Path("main.yaml").write_text(
        f"sncompile: 1\npipeline: main\nsteps:\n{steps}  b: {use}\noutputs: {{o: '${{b.o}}'}}\n"
    )
    graph = optimize(graph_of(check("main.yaml").require()), 2, check=True).graph
    assert {"a_1", "a_2"} <= graph.families.keys()
