"""Import and export again: the spec that comes back is the one that went in."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sncompile.exchange.bilayers.spec import same

from . import bilayers
from .strategies import specs

_ROUND = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", bilayers.NAMES)
def test_an_example_comes_back(name: str) -> None:
    """The example specs, as they stand, with nothing told on the way."""
    spec = bilayers.load(name)
    found = bilayers.imported((bilayers.SPECS / f"{name}.yaml").read_text("utf-8"))
    assert found.diagnostics == ()
    back = bilayers.exported(found.text or "")
    assert back.diagnostics == ()
    assert yaml.safe_load(back.text or "") == spec


@given(specs())
@_ROUND
def test_every_field_comes_back(spec: bilayers.Spec) -> None:
    """Equal in every field, and of the same types: `1`, `1.0`, `true` and `"1"` differ."""
    back = bilayers.spec_of(bilayers.module_of(spec))
    assert same(back, spec)


@given(specs())
@_ROUND
def test_a_module_comes_back_without_its_annotations(spec: bilayers.Spec) -> None:
    """What is lost with the annotations is how Bilayers shows the tool, never what the tool is given."""
    module = yaml.safe_load(bilayers.module_of(spec))
    del module["annotations"]
    found = bilayers.exported(json.dumps(module, ensure_ascii=False))
    if found.text is None:
        # Some arguments have no form of their own in Bilayers, only in the spec that they came from.
        assert {d.code for d in found.diagnostics if d.severity == "error"} == {"SN822"}
        return
    again = yaml.safe_load(bilayers.module_of(found.text))
    told = {d.code for d in found.diagnostics}
    for key in ("inputs", "params"):
        if again.get(key) != module.get(key):
            assert told & {"SN823"}


# --- Whatever stands in a spec ------------------------------------------------------------------------------------


GONE = object()
"""What a field is replaced by to take it out."""

_JUNK = st.sampled_from(
    [None, True, -1, 2.5, "", "x", "None", [], {}, [1], {"a": 1}, [[]], [{"name": 1}], "'", "a b", "${", "=", "\n", "/"]
)


def _places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(p for key, value in inner for p in _places(value, (*path, key)))]


def _changed(spec: Any, path: tuple[Any, ...], value: Any) -> Any:
    node = copy.deepcopy(spec)
    inner = node
    for step in path[:-1]:
        inner = inner[step]
    if value is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return node


@given(st.data(), st.sampled_from(bilayers.NAMES))
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_broken_spec_is_told_and_never_breaks(data: st.DataObject, name: str) -> None:
    """Any field replaced by anything: a module that passes the check, or an error; and a way back from a module."""
    spec: Any = bilayers.load(name)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(_places(spec)[1:]))
        spec = _changed(spec, path, data.draw(_JUNK | st.just(GONE)))
    found = bilayers.imported(bilayers.text_of(spec))
    errors = [d for d in found.diagnostics if d.severity == "error"]
    assert (found.text is None) == bool(errors)
    if found.text is not None:
        back = bilayers.exported(found.text)
        assert back.text is not None or any(d.severity == "error" for d in back.diagnostics)
