"""Bilayers specs in tests: reading and writing them in memory, the jobs of their modules, and what Bilayers would run.

`words` is Bilayers' rule for commands, written down once more and by itself: it knows nothing of modules.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sncompile.api import check, graph_of
from sncompile.diagnostics import Diagnostic, Report
from sncompile.exchange.forms import Exchanged, module_from, spec_from
from sncompile.ir.jobs.expansion import Job, jobs
from sncompile.semantics.modules.library import Library
from sncompile.syntax.parse import parse
from sncompile.syntax.source import Source

SPECS = Path(__file__).parent / "specs"
NAMES = tuple(sorted(path.stem for path in SPECS.glob("*.yaml")))
NAME = "spec.yaml"

Spec = dict[str, Any]


def load(name: str) -> Spec:
    """One of the example specs, as Bilayers itself reads it."""
    spec: Spec = yaml.safe_load((SPECS / f"{name}.yaml").read_text("utf-8"))
    return spec


def text_of(spec: Spec) -> str:
    """A spec as YAML."""
    text: str = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True)
    return text


def imported(spec: Spec | str, name: str = NAME) -> Exchanged:
    """The module of a spec, with everything that is told."""
    text = spec if isinstance(spec, str) else text_of(spec)
    report = Report()
    return module_from("bilayers", Source(name, Path(name), text), Library(Path.cwd(), Path.cwd(), report), report)


def module_of(spec: Spec | str) -> str:
    """The text of the module of a spec that is without errors."""
    found = imported(spec)
    assert found.text is not None, found.diagnostics
    return found.text


def exported(module: str) -> Exchanged:
    """The spec of a module, with everything that is told."""
    document, found = parse(Source("module.yaml", None, module))
    assert document is not None
    assert not found, found
    return spec_from("bilayers", document, Report(), {"module.yaml": module})


def spec_of(module: str) -> Spec:
    """The spec of a module that is without errors, as Bilayers itself reads it."""
    found = exported(module)
    assert found.text is not None, found.diagnostics
    spec: Spec = yaml.safe_load(found.text)
    return spec


def codes(found: Exchanged) -> list[str]:
    """The codes of all that is told, in order of place."""
    return [d.code for d in found.diagnostics]


def at(diagnostic: Diagnostic, text: str) -> str:
    """The line that a diagnostic stands at."""
    assert diagnostic.span is not None, diagnostic
    return text.splitlines()[diagnostic.span.line - 1].strip()


def job_of(module: str, folder: Path, given: Mapping[str, Any]) -> Job:
    """The one job of a pipeline that uses a module, with these inputs and parameters."""
    (folder / "tool.yaml").write_text(module, "utf-8")
    values = {name: v.replace("${", "$${") if isinstance(v, str) else v for name, v in given.items()}
    pipeline = {"sncompile": 1, "pipeline": "one", "steps": {"tool": {"module": "./tool.yaml", "with": values}}}
    (folder / "pipeline.yaml").write_text(text_of(pipeline), "utf-8")
    (job,) = jobs(graph_of(check(folder / "pipeline.yaml").require()))
    return job


# --- What Bilayers would run ------------------------------------------------------------------------------------------


def words(spec: Spec, values: Mapping[str, Any]) -> list[str]:
    """The arguments by Bilayers' rule: inputs, then parameters, then hidden ones, sorted by `cli_order`.

    `values` are those of inputs and parameters by name; defaults are not looked at.
    """
    items: list[tuple[int, str, Any, bool]] = []
    for item in (*spec["inputs"], *spec["parameters"]):
        tag = item.get("cli_tag", "")
        items.append((item.get("cli_order") or 0, tag, values.get(item["name"]), item.get("append_value") is True))
    for item in spec["exec_function"].get("hidden_args") or ():
        items.append((item.get("cli_order") or 0, item["cli_tag"], item["value"], item.get("append_value") is True))
    first = [i for i in sorted(items, key=lambda i: i[0]) if i[0] > 0]
    last = [i for i in sorted(items, key=lambda i: i[0]) if i[0] < 0]
    found = shlex.split(spec["exec_function"]["cli_command"])
    for _, tag, value, append in (*first, *(i for i in items if i[0] == 0), *last):
        found += _passed(tag, value, append)
    return found


def _passed(tag: str | None, value: Any, append: bool) -> list[str]:
    if tag in (None, "None") or value is None or value in ("", "None", "ignore"):
        return []
    if isinstance(value, bool) and not append:
        return shlex.split(tag) if value else []
    if "=" in tag:
        *before, last = shlex.split(tag)
        return [*before, f"{last}{value}"]
    return [*shlex.split(tag), str(value)]
