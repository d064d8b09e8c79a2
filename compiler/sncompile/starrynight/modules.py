"""The library's modules as classes, by StarryNight's names."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

from sncompile.notebook.flow import Flow, Module, Seq
from sncompile.notebook.values import Data
from sncompile.starrynight.config import DataConfig

if TYPE_CHECKING:
    from sncompile.starrynight.experiments import PCPGenericExperiment

_SEED = {
    "CPIllumCalcGenLoadDataModule": "cp_illum_calc_loaddata",
    "CPIllumCalcGenCPipeModule": "cp_illum_calc_cppipe",
    "CPIllumCalcGenCPPipeModule": "cp_illum_calc_cppipe",
    "CPIllumCalcInvokeCPModule": "cp_illum_calc_cp",
}
"""Names that StarryNight's own documents use beside those of its registry."""


class LibraryModule(Module):
    """A module of StarryNight's library, with state: `spec`, `inputs`, `params`, and the `pipeline` of it alone."""

    library_name: ClassVar[str]
    """What the library calls it: `starrynight/NAME`."""
    before: ClassVar[tuple[str, ...]] = ()
    """Modules whose outputs it takes by convention and that its own pipeline makes with it."""
    experiment: PCPGenericExperiment | None = None
    """The experiment that it was set up for."""

    def __init__(self, data: Data = None, **values: Any) -> None:
        name = self.library_name.rpartition("/")[2]
        super().__init__(f"starrynight/{self.library_name}", name=name, data=data, **values)

    @classmethod
    def from_config(
        cls, data_config: DataConfig, experiment: PCPGenericExperiment | None = None, **values: Any
    ) -> LibraryModule:
        """The module set up for a project, and for an experiment where it needs to know of one.

        `values` set inputs and parameters by their names. Raises `CompileError` for one that the module lacks.
        """
        known = experiment.module_values(cls.library_name) if experiment is not None else {}
        made = cls(data_config)
        made.set({n: v for n, v in known.items() if n in made.spec.inputs or n in made.spec.params})
        made.set(values)
        made.experiment = experiment
        return made

    @property
    def pipeline(self) -> Flow:
        """The pipeline of this module alone, with what has to be there before it; as the module is set now."""
        given = self.inputs.given
        earlier = [library_class(name)(self.data) for name in self.before if name not in given]
        if self.experiment is not None and "exp_config" in self.spec.inputs and "exp_config" not in given:
            writer = library_class("experiments/experiment_json")(self.data)
            known = self.experiment.module_values("experiments/experiment_json")
            writer.set({name: value for name, value in known.items() if name in writer.spec.params})
            earlier.append(writer)
        return Seq([*earlier, self], name=self.name)

    @property
    def pipe(self) -> Flow:
        """What StarryNight's newer notebooks call `pipeline`."""
        return self.pipeline


@cache
def _aliases() -> Mapping[str, str]:
    """StarryNight's class name → the library's name."""
    text = (files("sncompile.specs") / "starrynight" / "aliases.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {**{row["old"]: row["name"] for row in rows if row["old"].endswith("Module")}, **_SEED}


def class_names() -> list[str]:
    """The names of all module classes."""
    return sorted(_aliases())


def module_class(name: str) -> type[LibraryModule] | None:
    """The class of a module by StarryNight's name of it; None where there is none."""
    known = _aliases().get(name)
    return library_class(known, name) if known is not None else None


# An index is read from an inventory, which nobody may have made yet.
_BEFORE = {"index": ("inventory",)}


@cache
def library_class(library_name: str, name: str = "") -> type[LibraryModule]:
    """The class of a module by the library's name of it."""
    body = {
        "library_name": library_name,
        "before": _BEFORE.get(library_name, ()),
        "__doc__": f"`starrynight/{library_name}` of the module library.",
        "__module__": "sncompile.starrynight",
    }
    return type(name or f"{library_name}_module", (LibraryModule,), body)
