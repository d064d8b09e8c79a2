"""Branches written out: a template of some steps, once for each of several names, with what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from sncompile.testing.spec import Json, Spec
from sncompile.testing.strategies.nested import nested
from sncompile.testing.strategies.template import Part, Ref, branch_names, draw_part, neighbourly
from sncompile.testing.strategies.texts import Draw, one_in, some

ODDITIES = ("lacks", "extra", "resources", "container", "retries", "option", "env", "neighbour", "absent", "ring")
"""What may set one branch apart from the others; `neighbour`: each branch reads from the one before it."""

Where = tuple[int, int]
"""A step of the template, and a branch."""


@dataclass(frozen=True)
class Branches:
    """A spec with branches written out.

    `families`: how many steps a person would write for them; None where steps are alike or a branch is odd, so that
    nobody can say. `odd` is what sets branches apart.
    """

    spec: Spec
    names: tuple[str, ...]
    families: int | None
    odd: tuple[str, ...]


@st.composite
def branches(
    draw: Draw,
    *,
    steps: int = 6,
    count: int = 6,
    odd: bool = True,
    forms: Sequence[str] = ("flat", "flat", "keyed", "nested"),
) -> Branches:
    """Up to `count` branches of a template of up to `steps` steps, with shared steps before and gathers after them.

    `odd` lets branches differ in more than files, names and numbers. `forms` are those to choose from: `flat`, every
    step written out; `keyed`, each step over the keys of one table; `nested`, a pipeline used once for each branch.
    """
    form = draw(st.sampled_from(list(forms)))
    names = branch_names(draw, draw(st.integers(2, count)))
    shared = [f"shared{i}" for i in range(draw(st.integers(0, 2)))]
    alike = odd and one_in(draw, 4)
    parts: list[Part] = []
    for _ in range(draw(st.integers(1, steps))):
        parts.append(draw_part(draw, names, parts, shared, form == "keyed", alike))
    layout = Layout(names, parts, form, draw(st.sampled_from(["{part}_{name}", "b{name}_{part}"])), shared)
    if alike:
        layout.odd.append("alike")
    if odd and form != "nested":
        layout.draw_oddities(draw)
    return layout.finished(draw)


@dataclass
class Layout:
    """A template's steps on their way into a document, with what is odd about single branches."""

    names: list[str]
    parts: list[Part]
    form: str
    naming: str
    shared: list[str]
    odd: list[str] = field(default_factory=list)
    missing: set[Where] = field(default_factory=set)
    changed: dict[Where, Json] = field(default_factory=dict)
    words: dict[Where, list[Json]] = field(default_factory=dict)
    absent: set[tuple[int, int, str]] = field(default_factory=set)
    lonely: Where | None = None
    """What a step that no other branch has reads from."""

    # --- Oddities -----------------------------------------------------------------------------------------------------

    def draw_oddities(self, draw: Draw) -> None:
        """None, one or two of `ODDITIES`."""
        for kind in some(draw, list(ODDITIES), 0, 2):
            where = (draw(st.integers(0, len(self.parts) - 1)), draw(st.integers(0, len(self.names) - 1)))
            if self._make_odd(draw, kind, where):
                self.odd.append(kind)

    def _make_odd(self, draw: Draw, kind: str, where: Where) -> bool:
        number = where[0]
        part = self.parts[number]
        match kind:
            case "lacks":
                self.missing.add(where)
            case "extra" if part.outputs:
                self.lonely = where
            case "resources":
                self.changed[where] = {"resources": {"cpus": 7}}
            case "container":
                self.changed[where] = {"container": "other:2"}
            case "retries":
                self.changed[where] = {"retries": 3}
            case "env":
                self.changed[where] = {"env": {"ODD": "1"}}
            case "option":
                self.words[where] = ["--odd", "odd"]
            case "absent" if part.params:
                self.absent.add((*where, draw(st.sampled_from(sorted(part.params)))))
            case "neighbour":
                return neighbourly(draw, self.parts)
            case "ring" if part.outputs:
                return self._chained(number)
            case _:
                return False
        return True

    def _chained(self, number: int) -> bool:
        """Have each branch's step read from the same step of the branch before it."""
        part = self.parts[number]
        bound = [Ref(number, next(iter(part.outputs)), 1) for _ in self.names]
        self.parts[number] = replace(part, inputs={**part.inputs, "before": bound})
        return True

    # --- Steps --------------------------------------------------------------------------------------------------------

    def step(self, number: int, branch: int) -> str:
        """The name of a step."""
        name = self.naming.format(part=self.parts[number].name, name=self.names[branch])
        return f"b{self.names[branch]}.{self.parts[number].name}" if self.form == "nested" else name

    def value(self, bound: Any, branch: int) -> Json:
        """What stands in `with` for a path, a reference or a list of them."""
        if isinstance(bound, list):
            return [self.value(item, branch) for item in bound if not self._gone(item, branch)] or ["raw/none.txt"]
        if not isinstance(bound, Ref):
            return bound
        if bound.part is None:
            return f"${{{bound.shared}.{bound.port}}}"
        if self._gone(bound, branch):
            return "raw/none.txt"
        return f"${{{self.step(bound.part, branch - bound.back)}.{bound.port}}}"

    def _gone(self, bound: Any, branch: int) -> bool:
        """Whether a reference leads to a step that is not there."""
        if not isinstance(bound, Ref) or bound.part is None:
            return False
        return branch < bound.back or (bound.part, branch - bound.back) in self.missing

    def declared(self, number: int, branch: int) -> Json:
        """A step of the template in a branch."""
        part = self.parts[number]
        words = [*part.words[branch], *self.words.get((number, branch), ())]
        bound = {name: self.value(values[branch], branch) for name, values in part.inputs.items()}
        bound |= {
            name: self.value(values[branch], branch) if name == "source" else values[branch]
            for name, (_, values) in part.params.items()
            if (number, branch, name) not in self.absent
        }
        by_hand = {name: found[branch] for name, found in part.outputs.items() if found is not None}
        if part.keyed:
            by_hand = {name: f"{path}/${{well}}" for name, path in by_hand.items()}
        after = [self.step(n, branch) for n in part.after if (n, branch) not in self.missing]
        return {
            "module": part.module(words, {name for n, _, name in self.absent if n == number}),
            "with": bound,
            **({"by": ["well"]} if part.keyed else {}),
            **({"outputs": by_hand} if by_hand else {}),
            **({"after": after} if after else {}),
            **({"env": part.env[branch]} if part.env[branch] else {}),
            **part.settings,
            **self.changed.get((number, branch), {}),
        }

    # --- The whole ----------------------------------------------------------------------------------------------------

    def finished(self, draw: Draw) -> Branches:
        """The spec, with gathers after the branches."""
        keyed = self.form == "keyed"
        by: Json = {"by": ["well"]} if keyed else {}
        steps: dict[str, Json] = {name: {"module": _tool(name, {}), **by} for name in self.shared}
        gathers = self._gathers(draw) if self.form == "flat" else {}
        documents: dict[str, Json] = {}
        if self.form == "nested":
            inner, documents = nested(self)
            steps |= inner
        else:
            for branch in range(len(self.names)):
                for number in range(len(self.parts)):
                    if (number, branch) not in self.missing:
                        steps[self.step(number, branch)] = self.declared(number, branch)
        document: Json = {"pipeline": "main"}
        if keyed:
            document["tables"] = {"wells": {"key": ["well"], "rows": [{"well": w} for w in ("A1", "B 2")]}}
        elif self.form == "flat" and one_in(draw, 6):
            document["flow"] = self._flow(gathers)
        steps |= {**self._extra(), **gathers}
        if one_in(draw, 4):
            document["outputs"] = self._outputs(draw)
        document["steps"] = dict(draw(st.permutations(list(steps.items())))) if draw(st.booleans()) else steps
        families = len(self.shared) + len(self.parts) + len(gathers)
        spec = Spec(document, documents)
        return Branches(spec, tuple(self.names), None if self.odd else families, tuple(self.odd))

    def there(self, number: int) -> list[int]:
        """The branches that have a step."""
        return [branch for branch in range(len(self.names)) if (number, branch) not in self.missing]

    def _extra(self) -> dict[str, Json]:
        if self.lonely is None:
            return {}
        part = self.parts[self.lonely[0]]
        read = self.value(Ref(self.lonely[0], next(iter(part.outputs))), self.lonely[1])
        by: Json = {"by": ["well"]} if part.keyed else {}
        return {"lonely": {"module": _tool("lonely", {"i": "file"}), "with": {"i": read}, **by}}

    def _gathers(self, draw: Draw) -> dict[str, Json]:
        """Steps that read from all branches, or from some; some of them wait for some too."""
        found = {}
        numbers = [number for number, part in enumerate(self.parts) if part.outputs]
        for i in range(draw(st.integers(0, 2))):
            bound = {}
            for p in range(draw(st.integers(1, 2)) if numbers else 0):
                number = draw(st.sampled_from(numbers))
                port = draw(st.sampled_from(list(self.parts[number].outputs)))
                there = self.there(number)
                chosen = there if draw(st.booleans()) else some(draw, there, 1)
                if chosen:
                    bound[f"i{p}"] = [f"${{{self.step(number, b)}.{port}}}" for b in chosen]
            found[f"gather{i}"] = {"module": _tool(f"gather{i}", dict.fromkeys(bound, "file[]")), "with": bound}
            if one_in(draw, 3):
                number = draw(st.integers(0, len(self.parts) - 1))
                waits = [self.step(number, b) for b in some(draw, self.there(number))]
                found[f"gather{i}"] |= {"after": waits} if waits else {}
        return found

    def _flow(self, gathers: Mapping[str, Json]) -> Json:
        """Each branch in its order, and the gathers after all."""
        chains = [
            {"seq": [self.step(n, b) for n in range(len(self.parts)) if (n, b) not in self.missing]}
            for b in range(len(self.names))
        ]
        return {"seq": [{"parallel": [chain for chain in chains if chain["seq"]]}, *gathers]}

    def _outputs(self, draw: Draw) -> Json:
        """What the pipeline is for: some output of some branches."""
        numbers = [n for n, part in enumerate(self.parts) if part.outputs and self.there(n)]
        if not numbers:
            return {}
        number = draw(st.sampled_from(numbers))
        port = draw(st.sampled_from(list(self.parts[number].outputs)))
        if self.form == "nested":
            port = f"o_{self.parts[number].name}"
        chosen = some(draw, self.there(number), 1, 2)
        names = [f"b{self.names[b]}" if self.form == "nested" else self.step(number, b) for b in chosen]
        return {f"result{i}": f"${{{name}.{port}}}" for i, name in enumerate(names)}


def _tool(program: str, inputs: Mapping[str, str]) -> Json:
    """A module with an output `o` whose command names every port."""
    ports = {name: {"type": kind} for name, kind in inputs.items()}
    command = [program, *("${inputs.%s}" % name for name in inputs), "${outputs.o}"]
    return {"inputs": ports, "outputs": {"o": {"type": "file"}}, "command": command}
