"""What the lowering of one family needs to know: its wildcards, its instances' values, and the workflow around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sncompile.diagnostics import Diagnostic, Report, Span
from sncompile.faults import targets as faults
from sncompile.ir.graph.images import images_used
from sncompile.ir.graph.model import Family, Graph
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.language.encoding import encode_key
from sncompile.ir.language.functions import to_text
from sncompile.ir.values.evaluate import Closure, Evaluator
from sncompile.ir.values.model import Value
from sncompile.lowering.columns import Columns
from sncompile.lowering.expressions import Expression, expression_text
from sncompile.lowering.model import Port
from sncompile.lowering.words import Words
from sncompile.targets.snakemake.marking import Marks
from sncompile.targets.snakemake.patterns import Hole, Part, Plainness, path_parts
from sncompile.targets.snakemake.sidecars import Sidecars
from sncompile.targets.target import Engine

_VARIABLE = re.compile(r"<\w+>")


class Surroundings:
    """What all rules of a Snakefile share."""

    def __init__(
        self,
        graph: Graph,
        files: str,
        sidecars: Sidecars,
        report: Report,
        marks: Marks | None = None,
        containers: Engine | None = None,
    ) -> None:
        self.graph = graph
        self.marks = marks or Marks()
        self.evaluator = Evaluator(graph.families, lambda name: f"{files}/{name}")
        self.sidecars = sidecars
        self.report = report
        self.plainness = Plainness()
        self.functions: set[str] = set()
        """Functions of the header that rules use."""
        self.uses_files = False
        self.containers = containers
        """The engine that commands are wrapped for; without one, rules name their image."""

    def tell(self, diagnostic: Diagnostic) -> None:
        """Keep a fault."""
        self.report.add(diagnostic)


class FamilyContext:
    """One family: `names` are its wildcards, once the outputs are known."""

    def __init__(self, family: Family, around: Surroundings) -> None:
        self.family = family
        self.around = around
        self.names: dict[Hole, str] = {}
        self.cells: dict[str, list[str]] = {}
        """The value of every wildcard, for every instance."""
        self.columns = Columns(family, around.graph, around.evaluator)
        self.words = Words(self.columns)

    @property
    def keys(self) -> KeySet:
        """The family's instances."""
        return self.family.keys

    def parts(self, value: Value) -> list[Part]:
        """A path as text, keys and values."""
        return path_parts(value, self.family, self.around.graph, self.around.plainness)

    def closure(self, value: Value) -> Closure:
        """The value of every instance."""
        return self.around.evaluator.closure(value, self.keys, self.family)

    def column(self, value: Value) -> list[Any]:
        """The value of every instance, as a list."""
        return list(self.around.evaluator.column(value, self.keys, self.family))

    def port_value(self, port: Port) -> Value:
        """The value of a port."""
        return self.family.inputs[port.name].value if port.space == "inputs" else self.family.outputs[port.name].path

    def refuse(self, expression: Expression, what: str = "") -> None:
        """Tell that Snakemake cannot compute something when a job is about to run."""
        self.around.tell(
            faults.NOT_AT_RUN_TIME.at(
                expression.span,
                f"Snakemake cannot compute {what or f'`{expression_text(expression)}`'} when a job is about to run",
                help="use numbers, comparisons, lists and their indexes, or compute it without `attempt` and sizes",
            )
        )

    def image(self, span: Span) -> str:
        """The image of all jobs of a family that has one. Told as a fault at `span` where they have several."""
        images = images_used(self.family, self.around.evaluator)
        if len(images) > 1:
            message = f"the container of `{self.family.name}` differs between its jobs"
            help = "a rule has one container: make a step for each image, chosen with `where`"
            self.around.tell(faults.WILDCARDS_DIFFER.at(span, message, help=help))
        return images[0]

    def hole_cells(self, hole: Hole) -> list[str]:
        """A key of every instance, as it stands in paths."""
        cells: Sequence[str] = self.keys.column(hole.name)
        # Keys are nearly always plain, and a hundred thousand of them take their time to encode.
        if not hole.encoded or self.around.plainness.plain(self.keys, hole.name):
            return list(cells)
        return [encode_key(c) for c in cells]

    def wildcards(self, *more: str) -> str:
        """The head of a function of the wildcards; empty where the rule has none and needs nothing more."""
        if not self.names and not more:
            return ""
        return f"lambda {', '.join(('wildcards', *more))}: "

    @property
    def at(self) -> str:
        """The argument that hands the wildcards on, where there are any."""
        return "wildcards" if self.names else ""

    def check_braces(self, text: str, span: Span, kind: str = "path") -> None:
        """Refuse a path, or an image, with a brace or with a name between `<` and `>`."""
        braces = "{" in text or "}" in text
        spaces = kind == "image" and re.search(r"\s", text) is not None
        if braces or spaces or _VARIABLE.search(text):
            what = "a brace, which Snakemake takes for a wildcard" if braces else "`<…>`, a variable to Snakemake"
            what = "a space, and Snakemake takes no such image" if spaces else what
            self.around.tell(
                faults.BRACE_IN_PATH.at(
                    span,
                    f"the {kind} `{text}` has {what}",
                    help="rename the file, or leave an output's path out: derived paths encode such signs",
                )
            )


def texts(cells: Sequence[Any]) -> list[str]:
    """Cells of a sidecar; what is absent is empty."""
    return ["" if c is None else to_text(c) for c in cells]
