"""Containers, variables and resources of a task → requirements of its tool."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from sncompile.faults import targets as faults
from sncompile.ir.graph.images import ImageKind, image_name
from sncompile.ir.graph.resources import RESOURCES as DECLARED
from sncompile.ir.graph.resources import Unit
from sncompile.lowering.expressions import NoForm, Size, everything
from sncompile.lowering.model import Task
from sncompile.lowering.pieces import Late, Piece
from sncompile.targets.cwl.columns import Columns
from sncompile.targets.cwl.context import Around
from sncompile.targets.cwl.model import Json
from sncompile.targets.cwl.sizes import Script
from sncompile.targets.cwl.words import Words

MEBIBYTE = 2**20
RESOURCES = {
    "cpus": ("ResourceRequirement", "coresMin"),
    "memory": ("ResourceRequirement", "ramMin"),
    "disk": ("ResourceRequirement", "tmpdirMin"),
    "time": ("ToolTimeLimit", "timelimit"),
}
"""Resources by their names in specs → the requirement by which CWL asks for them, and the field in it."""

FACTORS: Mapping[Unit, float] = {Unit.COUNT: 1, Unit.MEGABYTES: 1_000_000 / MEBIBYTE, Unit.MINUTES: 60}
"""How many of CWL's units are one of ours."""

ENGINES = frozenset(("HOME", "TMPDIR", "PATH"))
"""Variables that the engine sets itself, whatever a tool requires; the job sets them anew."""


class Settings:
    """The requirements of one task's tool."""

    def __init__(self, task: Task, around: Around, columns: Columns, words: Words) -> None:
        self._task, self._around, self._columns, self._words = task, around, columns, words
        self._computed = False

    def requirements(self) -> list[Json]:
        """All of them, in a fixed order."""
        network: list[Json] = [{"class": "NetworkAccess", "networkAccess": True}] if self._task.network else []
        return [*self._variables(), *self._resources(), *network]

    def own_variables(self) -> list[list[str]]:
        """Groups of arguments of the job's script that set the variables which the engine would overrule."""
        return [
            ["set", variable.name, self._words.text(variable.value, f"env_{variable.name}")]
            for variable in self._task.variables
            if variable.value is not None and variable.name in ENGINES
        ]

    def secrets(self) -> list[str]:
        """The names of variables that come from the environment of the run."""
        return [variable.name for variable in self._task.variables if variable.value is None]

    def hints(self) -> list[Json]:
        """The container, which engines use unless they are told to do without (`cwltool --no-container`)."""
        if self._task.image is None:
            return []
        images = {image_name(str(image)) for image in self._words.column(self._task.image)}
        if len(images) > 1:
            self._tell_image("differs between its jobs", "make a step for each image, chosen with `where`")
        image, kind = min(images, key=lambda image: image.name)
        if kind is not ImageKind.REGISTRY:
            self._tell_image(f"is `{image}`, which is none of a registry", "name it as `org/tool:1.4`")
        return [{"class": "DockerRequirement", "dockerPull": image}]

    def _tell_image(self, wrong: str, hint: str) -> None:
        message = f"the container of `{self._task.name}` {wrong}"
        self._around.tell(faults.CWL_IMAGE.at(self._task.spans["container"], message, help=hint))

    def _variables(self) -> list[Json]:
        found = {
            variable.name: self._words.text(variable.value, f"env_{variable.name}")
            for variable in self._task.variables
            if variable.value is not None and variable.name not in ENGINES
        }
        return [{"class": "EnvVarRequirement", "envDef": found}] if found else []

    # --- Resources ----------------------------------------------------------------------------------------------

    def _resources(self) -> list[Json]:
        resources = self._task.resources
        found: dict[str, dict[str, Json]] = {}
        for name, (requirement, field) in RESOURCES.items():
            if name in resources:
                amount = self._amount(resources[name], name, FACTORS[DECLARED[name].unit])
                found.setdefault(requirement, {})[field] = amount
        required: list[Json] = [{"class": requirement, **fields} for requirement, fields in found.items()]
        if self._computed:
            required.insert(0, {"class": "InlineJavascriptRequirement"})
        return required

    def _amount(self, piece: Piece, name: str, factor: float) -> Json:
        """A resource in the unit of CWL: `factor` of them are one of ours."""
        sized = isinstance(piece, Late) and any(isinstance(each, Size) for each in everything(piece.expression))
        if not isinstance(piece, Late) or not sized:
            return self._columns.number(name, [ceil(amount * factor) for amount in self._words.column(piece)])
        self._computed = True
        try:
            return Script(self._task, self._words, self._columns).amount(piece.expression, factor)
        except NoForm as error:
            message = f"`{name}` of `{self._task.name}` is computed from {error.what}, which CWL does not know"
            hint = "give a fixed amount, or compute it from the sizes of files"
            self._around.tell(faults.CWL_RUN_TIME.at(self._task.spans[name], message, help=hint))
            return 0
