"""Experiments: what is known of one from its index, and from its user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from sncompile.api import Checked, check
from sncompile.diagnostics import CompileError
from sncompile.faults.names import NOT_SUPPORTED
from sncompile.semantics.program import Options


class PCPGenericExperiment:
    """A pooled Cell Painting experiment: values inferred from the index, and the rest of its configuration.

    Every value is an attribute: `experiment.cp_channel_list`, `experiment.cp_nuclei_channel`, …
    """

    spec = "starrynight/experiments/pcp_generic.yaml"
    """The library's document that says how they are found."""

    def __init__(self, checked: Checked, index: Path) -> None:
        program = checked.require()
        self.index_path = index
        self.inferred: Mapping[str, Any] = {n: _plain(v.value) for n, v in program.inferred.items()}
        """What the index says."""
        self.params: Mapping[str, Any] = {n: _plain(getattr(v, "value", None)) for n, v in program.params.items()}
        """What was given, with defaults for the rest."""
        self._checked = checked

    @classmethod
    def from_index(
        cls, index_path: str | os.PathLike[str], init_config: Mapping[str, Any] | None = None
    ) -> PCPGenericExperiment:
        """The experiment that an index tells of, with an initial configuration by StarryNight's names.

        For the old name `WORKSPACE/index.yaml` the index that the pipeline `index` writes is taken. Raises
        `CompileError`, with the evidence, where wells or plates disagree, or a channel is not there.
        """
        index = _index(Path(os.path.abspath(index_path)))
        spec = files("sncompile.specs").joinpath(*cls.spec.split("/"))
        params = {"index": str(index), **{n: _given(v) for n, v in (init_config or {}).items()}}
        checked = check(str(spec), Options(params=params, data={"workspace": str(index.parent)}))
        if checked.failed:
            raise CompileError(checked.diagnostics, checked.sources)
        return cls(checked, index)

    def __getattr__(self, name: str) -> Any:
        for found in (self.__dict__.get("inferred") or {}, self.__dict__.get("params") or {}):
            if name in found:
                return found[name]
        raise AttributeError(f"an experiment has no `{name}`")

    def pipeline_values(self) -> dict[str, Any]:
        """What the library's pipelines take from an experiment, by their parameters' names."""
        names = ("use_legacy", "cp_nuclei_channel", "cp_cell_channel", "cp_mito_channel", "sbs_nuclei_channel")
        return {name: self.params[name] for name in names}

    def module_values(self, module: str) -> dict[str, Any]:
        """What a module of the library may take from an experiment, by the names that modules use."""
        assay = "sbs" if module.startswith("sbs_") else "cp"
        found = {
            "use_legacy": self.params["use_legacy"],
            "index": self.index_path,
            "nuclei_channel": self.params[f"{assay}_nuclei_channel"],
            "cell_channel": self.params.get(f"{assay}_cell_channel"),
            "mito_channel": self.params.get(f"{assay}_mito_channel"),
            "barcode_csv": self.params.get("barcode_csv_path"),
        }
        return {name: value for name, value in found.items() if value is not None}

    def __repr__(self) -> str:
        width = max(len(name) for name in (*self.inferred, *self.params)) + 2
        lines = [f"{n:<{width}}{v}  (from the index)" for n, v in self.inferred.items()]
        return "\n".join([*lines, *(f"{n:<{width}}{v}" for n, v in self.params.items())])

    def _repr_html_(self) -> str:
        from html import escape

        rows = [(n, v, "from the index") for n, v in self.inferred.items()]
        rows += [(n, v, "given or by default") for n, v in self.params.items()]
        body = "".join(
            f"<tr><td>{escape(n)}</td><td>{escape(str(v))}</td><td>{escape(where)}</td></tr>" for n, v, where in rows
        )
        return f"<table><tr><th>experiment</th><th>value</th><th></th></tr>{body}</table>"


def _index(path: Path) -> Path:
    for place in (path, path.parent / "index" / "index.parquet"):
        if place.is_file():
            return place
    message = f"there is no index `{path}`"
    told = NOT_SUPPORTED.at(None, message, help="run `GenIndexModule` first: it writes WORKSPACE/index/index.parquet")
    raise CompileError([told])


def _given(value: Any) -> Any:
    return os.path.abspath(value) if isinstance(value, os.PathLike) else value


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
