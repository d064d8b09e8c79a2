"""Containers, variables and resources of a family → requirements of its tool."""

from __future__ import annotations

from math import ceil

from sncompile.faults import targets as faults
from sncompile.ir.graph.images import ImageKind, image_name
from sncompile.ir.graph.model import Family
from sncompile.ir.values.evaluate import AtRunTime
from sncompile.ir.values.model import Value
from sncompile.ir.values.run_time import dynamic
from sncompile.targets.cwl.columns import Columns
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.model import Json
from sncompile.targets.cwl.sizes import Unknown, script_of
from sncompile.targets.cwl.words import Words

MEBIBYTE = 2**20
ENGINES = frozenset(("HOME", "TMPDIR", "PATH"))
"""Variables that the engine sets itself, whatever a tool requires; the job sets them anew."""


class Settings:
    """The requirements of one family's tool."""

    def __init__(self, family: Family, around: Around, columns: Columns, words: Words) -> None:
        self._family, self._around, self._columns, self._words = family, around, columns, words
        self._computed = False

    def requirements(self) -> list[Json]:
        """All of them, in a fixed order."""
        self._refuse()
        network: list[Json] = [{"class": "NetworkAccess", "networkAccess": True}] if self._family.network else []
        return [*self._variables(), *self._resources(), *network]

    def own_variables(self) -> list[list[str]]:
        """Groups of arguments of the job's script that set the variables which the engine would overrule."""
        found: list[list[str]] = []
        for variable in self._family.env:
            if variable.value is not None and not variable.secret and variable.name in ENGINES:
                text = self._words.text(variable.value, f"env_{variable.name}")
                found.append(["set", variable.name, text])
        return found

    def secrets(self) -> list[str]:
        """The names of variables that come from the environment of the run."""
        return [v.name for v in self._family.env if v.secret]

    def _refuse(self) -> None:
        family = self._family
        if family.conda is not None:
            self._around.tell(
                faults.CWL_CONDA.at(
                    family.module_span,
                    f"`{family.name}` runs in a conda environment, which CWL cannot express",
                    help="give it a container instead",
                )
            )
        if family.container is not None and self.secrets():
            names = ", ".join(f"`{name}`" for name in self.secrets())
            self._around.tell(
                faults.CWL_SECRET.at(
                    family.container.span,
                    f"the secret {names} of `{family.name}` would be seen, as the step runs in a container",
                    help="run the step without a container, or compile to Snakemake",
                )
            )
        gpus = family.resources.get("gpus")
        if gpus is not None and (dynamic(gpus) or any(self._words.column(gpus))):
            self._around.tell(
                faults.CWL_GPUS.at(gpus.span, f"`{family.name}` needs GPUs, which CWL v1.2 cannot express")
            )

    def hints(self) -> list[Json]:
        """The container, which engines use unless they are told to do without (`cwltool --no-container`)."""
        value = self._family.container
        if value is None:
            return []
        images = {image_name(str(image)) for image in self._words.column(value)}
        if len(images) > 1:
            self._tell_image(value, "differs between its jobs", "make a step for each image, chosen with `where`")
        image, kind = min(images, key=lambda image: image.name)
        if kind is not ImageKind.REGISTRY:
            self._tell_image(value, f"is `{image}`, which is none of a registry", "name it as `org/tool:1.4`")
        return [{"class": "DockerRequirement", "dockerPull": image}]

    def _tell_image(self, value: Value, wrong: str, hint: str) -> None:
        message = f"the container of `{self._family.name}` {wrong}"
        self._around.tell(faults.CWL_IMAGE.at(value.span, message, help=hint))

    def _variables(self) -> list[Json]:
        found = {
            v.name: self._words.text(v.value, f"env_{v.name}")
            for v in self._family.env
            if v.value is not None and not v.secret and v.name not in ENGINES
        }
        return [{"class": "EnvVarRequirement", "envDef": found}] if found else []

    # --- Resources ----------------------------------------------------------------------------------------------

    def _resources(self) -> list[Json]:
        resources = self._family.resources
        found: dict[str, Json] = {}
        if (value := resources.get("cpus")) is not None:
            found["coresMin"] = self._amount(value, "cpus", 1)
        if (value := resources.get("memory")) is not None:
            found["ramMin"] = self._amount(value, "memory", 1_000_000 / MEBIBYTE)
        if (value := resources.get("disk")) is not None:
            found["tmpdirMin"] = self._amount(value, "disk", 1_000_000 / MEBIBYTE)
        required: list[Json] = [{"class": "ResourceRequirement", **found}] if found else []
        if (value := resources.get("time")) is not None:
            required.append({"class": "ToolTimeLimit", "timelimit": self._amount(value, "time", 60)})
        if self._computed:
            required.insert(0, {"class": "InlineJavascriptRequirement"})
        return required

    def _amount(self, value: Value, name: str, factor: float) -> Json:
        """A resource in the unit of CWL: `factor` of them are one of ours."""
        try:
            closure = self._words.closure(value)
            return self._columns.number(name, [ceil(closure(n) * factor) for n in self._words.numbers])
        except AtRunTime:
            self._computed = True
        try:
            return script_of(value, self._family, self._words, self._columns, factor)
        except Unknown as unknown:
            message = f"`{name}` of `{self._family.name}` is computed from {unknown}, which CWL does not know"
            hint = "give a fixed amount, or compute it from the sizes of files"
            self._around.tell(faults.CWL_RUN_TIME.at(value.span, message, help=hint))
            return 0
