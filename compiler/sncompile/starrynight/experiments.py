"""Experiments: what is known of one from its index, and from its user (decision 0028)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import Enum
from importlib.resources import files
from pathlib import Path
from typing import Any

from sncompile.api import Checked, check
from sncompile.diagnostics import CompileError
from sncompile.faults.names import NOT_SUPPORTED
from sncompile.semantics.program import Options


class AcquisitionOrderType(Enum):
    """In which order the microscope took the sites of a well."""

    SNAKE = "snake"
    ROWS = "rows"


class ImageFrameType(Enum):
    """The form of a well's sites together."""

    ROUND = "round"
    SQUARE = "square"


class PCPGenericInitConfig:
    """An initial configuration, by StarryNight's names: what an index does not tell of an experiment."""

    def __init__(self, barcode_csv_path: str | os.PathLike[str] | None = None, **values: Any) -> None:
        self._values = {"barcode_csv_path": barcode_csv_path, **values}

    def model_dump(self) -> dict[str, Any]:
        """The values that are given, by their names."""
        return dict(self._values)


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
        cls, index_path: str | os.PathLike[str], init_config: Mapping[str, Any] | PCPGenericInitConfig | None = None
    ) -> PCPGenericExperiment:
        """The experiment that an index tells of, with an initial configuration by StarryNight's names.

        For the old name `WORKSPACE/index.yaml` the index that the pipeline `index` writes is taken. Raises
        `CompileError`, with the evidence, where wells or plates disagree, or a channel is not there.
        """
        index = _index(Path(os.path.abspath(index_path)))
        spec = files("sncompile.specs").joinpath(*cls.spec.split("/"))
        given = init_config or {}
        # StarryNight's own class does; a dictionary is taken as it is.
        named = given if isinstance(given, Mapping) else given.model_dump()
        params = {"index": str(index), **_configuration(named)}
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
        found = {name: self.params[name] for name in self.params if name.startswith(("cp_", "sbs_", "use_"))}
        # What was found, or said to be found, is the same for the pipelines, which read the index, too.
        told = {name: found.pop(given) for name, given in _INSTEAD.items()}
        return {**found, **{name: value for name, value in told.items() if value is not None}}

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
        if module == "experiments/experiment_json":
            found |= {**self.params, **self.inferred, "index_path": self.index_path}
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


_INSTEAD = {
    "cp_im_per_well": "cp_images_per_well",
    "sbs_im_per_well": "sbs_images_per_well",
    "sbs_n_cycles": "sbs_cycles",
}
"""What StarryNight is told instead of what the index says: the pipelines' parameter → the experiment's."""


def _index(path: Path) -> Path:
    for place in (path, path.parent / "index" / "index.parquet"):
        if place.is_file():
            return place
    message = f"there is no index `{path}`"
    told = NOT_SUPPORTED.at(None, message, help="run `GenIndexModule` first: it writes WORKSPACE/index/index.parquet")
    raise CompileError([told])


def _given(value: Any) -> Any:
    """A value of an initial configuration as a parameter takes it: of enumerations and mappings a text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return [f"{channel}={name}" for channel, name in value.items()]
    return os.path.abspath(value) if isinstance(value, os.PathLike) else value


def _configuration(given: Mapping[str, Any]) -> dict[str, Any]:
    """An initial configuration without what it leaves open: `None`, and the empty text that forms send."""
    maps = ("cp_custom_channel_map", "sbs_custom_channel_map")
    left = {name: value for name, value in given.items() if value is not None and not (name in maps and value == "")}
    return {name: _given(value) for name, value in left.items()}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
