"""Random steps: what they take, what they write, and how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from .expressions import (
    Binary,
    Both,
    Call,
    Choice,
    Column,
    Expression,
    Input,
    Key,
    ListOf,
    Literal,
    Output,
    Param,
    Plain,
    Template,
)
from .model import SIZE, Made, Need, Parameter, Port, Step, Table
from .tables import TEXTS

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """An output that a step may take: of which step, the keys of its instances, and what it is."""

    step: str
    port: str
    keys: frozenset[str]
    kind: str = "file"


@dataclass(frozen=True)
class Surroundings:
    """What a step can name: tables, outputs, and the inputs and parameters (by type) of its pipeline.

    `static` are the parameters that are the same for all instances.
    """

    tables: Sequence[Table]
    sources: Sequence[Source]
    inputs: dict[str, str]
    params: dict[str, str]
    static: frozenset[str] = frozenset()


class Expressions:
    """Makes up expressions for a step of some keys."""

    def __init__(self, random: Random, around: Surroundings, keys: frozenset[str], named: Sequence[str]) -> None:
        self.random, self.around, self.keys, self.named = random, around, keys, tuple(named)

    def pick(self, *found: T) -> T:
        """One of some things."""
        return self.random.choice(found)

    def chance(self, share: float) -> bool:
        """True in so many of all cases."""
        return self.random.random() < share

    # Files

    def files(self, kind: str = "file") -> list[tuple[Expression, bool]]:
        """All plain references to files, and whether they are lists."""
        found: list[tuple[Expression, bool]] = [
            (Output(source.step, source.port), not source.keys <= self.keys)
            for source in self.around.sources
            if source.kind == kind
        ]
        if kind == "directory":
            return found
        found += [
            (Column(t.name, c), not set(t.key) <= self.keys)
            for t in self.around.tables
            for c in ("path", "fq1")
            if c in t.columns
        ]
        found += [
            (Input(name), type.startswith("file[]")) for name, type in self.around.inputs.items() if "file" in type
        ]
        return found

    def file(self) -> tuple[Expression, bool] | None:
        """Something for a port, and whether it is a list."""
        known = self.files()
        outputs = [item for item in known if isinstance(item[0], (Output, Input))]
        if not known or self.chance(0.04):
            return Plain(self.pick("raw/one", "raw/two words", "raw/é")), False
        expression, many = self.random.choice(outputs if outputs and self.chance(0.75) else known)
        form = self.random.random()
        same = [item for item, other in known if other == many]
        if form < 0.10:
            return Choice(expression, self.condition(), self.random.choice(same)), many
        if form < 0.13:
            return Choice(Literal(None), self.condition(), expression), many
        if form < 0.16:
            return Choice(expression, self.condition(), Literal(None)), many
        if form < 0.24:
            single = [item for item, other in known if not other]
            if single:
                items = [self.random.choice(single) for _ in range(self.random.randint(1, 3))]
                return ListOf(tuple(dict.fromkeys(items))), True
        if form < 0.30 and many:
            return self._arranged(expression, same), True
        paired = [t for t in self.around.tables if {"fq1", "fq2"} <= set(t.columns) and not set(t.key) <= self.keys]
        if form < 0.36 and paired:
            return self._paired(self.random.choice(paired)), True
        nullable = [t for t in self.around.tables if "fq2" in t.columns and set(t.key) <= self.keys]
        if form < 0.42 and nullable:
            column = Column(self.random.choice(nullable).name, "fq2")
            return self.pick(column, Choice(column, Binary(column, "!=", Literal(None)), Literal(None))), False
        return expression, many

    def _arranged(self, expression: Expression, same: Sequence[Expression]) -> Expression:
        form = self.random.randint(0, 3)
        if form == 0:
            return Call("sorted", (expression,))
        if form == 1:
            return Call("unique", (expression,))
        return Call("zip", (expression, self.random.choice(same)))

    def _paired(self, table: Table) -> Expression:
        one, two = Column(table.name, "fq1"), Column(table.name, "fq2")
        same = Binary(Call("len", (one,)), "==", Call("len", (two,)))
        return self.pick(
            Choice(Call("zip", (one, two)), same, one),
            Choice(one, Binary(Call("len", (one,)), "!=", Call("len", (two,))), Call("zip", (one, two))),
        )

    # Conditions

    def condition(self) -> Expression:
        """True or false, not the same for all instances if that can be."""
        found: list[Expression] = []
        for name in self.named:
            found.append(Binary(Key(name), self.pick("==", "!="), Literal(self.value_of(name))))
        for table in self.around.tables:
            one = set(table.key) <= self.keys
            for column in ("label", "note", "n", "fq2"):
                if column not in table.columns:
                    continue
                cell = Column(table.name, column)
                if not one:
                    found.append(
                        Binary(Call("len", (cell,)), self.pick(">", "==", "<"), Literal(self.random.randint(1, 3)))
                    )
                elif column in ("note", "fq2"):
                    found.append(Binary(cell, self.pick("==", "!="), Literal(None)))
                elif column == "n":
                    found.append(Binary(Call("int", (cell,)), ">", Literal(self.random.randint(0, 2))))
                else:
                    found.append(Binary(cell, self.pick("==", "!="), Literal("p")))
                    found.append(Binary(cell, self.pick("in", "not in"), ListOf((Literal("p"), Literal("50%")))))
        for name, type in self.around.params.items():
            if type == "boolean":
                found.append(Param(name))
            elif type == "integer":
                found.append(Binary(Param(name), ">", Literal(1)))
        if not found:
            return self.pick(Literal(True), Literal(False))
        first = self.random.choice(found)
        if self.chance(0.15):
            return Both(first, self.pick("and", "or"), self.random.choice(found))
        return first

    def value_of(self, key: str) -> str:
        """A value that a key has."""
        cells = [str(row[key]) for t in self.around.tables if key in t.key for row in t.rows]
        cells = [
            cell for cell in cells if "'" not in cell and "\\" not in cell and cell.isprintable() and "${" not in cell
        ]
        return self.random.choice(cells) if cells else "A"

    # Parameters

    def texts(self) -> list[tuple[Expression, bool]]:
        """References to texts, and whether they are lists."""
        found: list[tuple[Expression, bool]] = [(Key(name), False) for name in self.named]
        for t in self.around.tables:
            many = not set(t.key) <= self.keys
            for column in t.columns:
                if column not in ("path", "fq1", "fq2", "n") and (
                    many or all(row[column] is not None for row in t.rows)
                ):
                    found.append((Column(t.name, column), many))
        found += [
            (Param(name), type == "string[]")
            for name, type in self.around.params.items()
            if type in ("string", "string[]")
        ]
        return found

    def numbers(self) -> list[Expression]:
        """Whole numbers."""
        found: list[Expression] = [Call("len", (item,)) for item, many in self.texts() if many]
        found += [Call("len", (item,)) for item, many in self.files() if many and not isinstance(item, Column)]
        found += [Param(name) for name, type in self.around.params.items() if type == "integer"]
        found += [
            Call("int", (Column(t.name, "n"),))
            for t in self.around.tables
            if "n" in t.columns and set(t.key) <= self.keys
        ]
        return found or [Literal(self.random.randint(0, 9))]

    def text(self) -> Expression:
        """A text."""
        single = [item for item, many in self.texts() if not many]
        lists = [item for item, many in self.texts() if many]
        form = self.random.random()
        if form < 0.12 or not (single or lists):
            return Plain(self.random.choice(TEXTS))
        if form < 0.22:
            return Template(
                (
                    self.pick("p-", "${x} ", "a b "),
                    Call("str", (self.random.choice(self.numbers()),)),
                    self.pick("", "%", "{y}"),
                )
            )
        if lists and (form < 0.45 or not single):
            return Call("join", (self.random.choice(lists), Literal(self.pick(",", " ", "+"))))
        chosen = self.random.choice(single)
        if form < 0.55:
            return Template((self.pick("", "v ", "é"), chosen, self.pick("", "$", " ;")))
        if form < 0.62:
            return Call(self.pick("upper", "lower"), (chosen,))
        if form < 0.70:
            return Binary(Literal("x/"), "+", chosen)
        if form < 0.80:
            nullable = [
                Column(t.name, "note") for t in self.around.tables if "note" in t.columns and set(t.key) <= self.keys
            ]
            if nullable:
                cell = self.random.choice(nullable)
                joined = Binary(Literal("x/"), "+", cell)
                return self.pick(
                    Choice(chosen, Binary(cell, "==", Literal(None)), joined),
                    Choice(joined, Binary(cell, "!=", Literal(None)), Literal("none")),
                )
            return Choice(chosen, self.condition(), self.random.choice(single))
        return chosen

    def optional_text(self) -> Expression:
        """A text, or nothing."""
        nullable = [
            Column(t.name, "note") for t in self.around.tables if "note" in t.columns and set(t.key) <= self.keys
        ]
        if nullable:
            cell = self.random.choice(nullable)
            return self.pick(
                cell,
                Choice(Literal(None), Binary(cell, "==", Literal(None)), Binary(Literal("x/"), "+", cell)),
                Choice(Binary(cell, "+", Literal("!")), Binary(cell, "!=", Literal(None)), Literal(None)),
            )
        if not any(not many for _, many in self.texts()):
            return Plain("t")
        text = self.random.choice([item for item, many in self.texts() if not many])
        return Choice(Literal(None), self.condition(), text)

    def list_of_texts(self) -> Expression:
        """A list of texts."""
        lists = [item for item, many in self.texts() if many]
        single = [item for item, many in self.texts() if not many]
        form = self.random.random()
        if lists and form < 0.7:
            chosen = self.random.choice(lists)
            if form < 0.10:
                return Call("sorted", (chosen,))
            if form < 0.20:
                return Call("unique", (chosen,))
            if form < 0.26:
                return Call(self.pick("upper", "lower"), (chosen,))
            if form < 0.32:
                return Choice(chosen, self.condition(), self.random.choice(lists))
            return chosen
        if single and form < 0.85:
            return ListOf(tuple(self.random.choice(single) for _ in range(self.random.randint(1, 3))))
        return Plain(tuple(self.random.choice(TEXTS) for _ in range(self.random.randint(0, 3))))

    # Ports and parameters

    def port(self, name: str) -> Port | None:
        """An input, and what goes into it."""
        if self.chance(0.12):
            directories = self.files("directory")
            if directories:
                found, many = self.random.choice(directories)
                return Port(name, many, found, self.chance(0.1), "directory", self._form(many))
        chosen = self.file()
        if chosen is None:
            return None
        found, many = chosen
        absent = isinstance(found, Choice) and Literal(None) in (found.then, found.otherwise)
        return Port(name, many, found, absent or self.chance(0.15), "file", self._form(many))

    def _form(self, many: bool) -> str:
        return (
            self.pick("word", "word", "word", "option", "repeat")
            if many
            else self.pick("word", "word", "word", "option")
        )

    def parameter(self, name: str) -> Parameter:
        """A parameter, and its value."""
        form = self.random.random()
        if form < 0.40:
            return Parameter(name, "string", self.text(), self.pick("word", "text", "option"))
        if form < 0.65:
            return Parameter(name, "string[]", self.list_of_texts(), self.pick("word", "word", "option", "repeat"))
        if form < 0.82:
            return Parameter(name, "integer", self.random.choice(self.numbers()), self.pick("word", "text", "option"))
        if form < 0.91:
            return Parameter(name, "boolean", self.condition(), "flag")
        return Parameter(name, "string?", self.optional_text(), self.pick("word", "option"))


def resources(random: Random, inputs: Sequence[Port]) -> dict[str, Need]:
    """What a job needs."""
    found: dict[str, Need] = {}
    single = [port.name for port in inputs if not port.many and not port.optional and port.kind == "file"]
    if random.random() < 0.5:
        memory = [
            Need("${[1, 2, 4][attempt - 1]}GB", (1000, 2000, 4000)),
            Need("${2 * attempt}GB", (2000, 4000, 6000)),
            Need("${100 * attempt if attempt > 1 else 50}MB", (50, 200, 300)),
            Need("${max(1, attempt - 1)}GB", (1000, 1000, 2000)),
            Need("${min([4, attempt + 1])}GB", (2000, 3000, 4000)),
            Need("2GB", (2000, 2000, 2000)),
            Need("${len('abc') * attempt}GB", (3000, 6000, 9000)),
        ]
        if single:
            name = random.choice(single)
            memory.append(Need("${100000 * inputs.%s.size}" % name, (4,) * 3 if SIZE == 36 else (0,) * 3, True))
            memory.append(Need("${inputs.%s.size * 1000000 * attempt}" % name, (36, 72, 108), True))
        found["memory"] = random.choice(memory)
    if random.random() < 0.3:
        found["cpus"] = random.choice((
            Need("${len(upper(str(attempt)))}", (1, 1, 1)),
            Need("${attempt}", (1, 2, 3)),
            Need(2, (2, 2, 2)),
            Need("${3 if attempt == 1 else 4}", (3, 4, 4)),
            Need("${[1, 2, 3][attempt - 1] + 1}", (2, 3, 4)),
            Need("${int(str(attempt) + '1') - 10 * attempt}", (1, 1, 1)),
        ))  # fmt: skip
    if random.random() < 0.3:
        found["time"] = random.choice((
            Need("${10 * attempt}m", (10, 20, 30)),
            Need("${60 * attempt}", (1, 2, 3)),
            Need("1h", (60, 60, 60)),
            Need("${[5, 10, 15][attempt - 1]}m", (5, 10, 15)),
        ))  # fmt: skip
    return found


def outputs(random: Random, *, none: bool = True) -> tuple[Made, ...]:
    """What a step writes."""
    count = random.choices((0 if none else 1, 1, 2), (1, 14, 4))[0]
    found = []
    for name in ("o", "p")[:count]:
        if random.random() < 0.15:
            found.append(Made(name, "directory", None, None, False, random.random() < 0.4))
        else:
            found.append(Made(name, "file", random.choice((None, None, "txt", "csv")), None, random.random() < 0.06))
    return tuple(found)


def settings(random: Random, step: Step, without: frozenset[str] = frozenset()) -> Step:
    """The step with what does not concern its data."""
    found = step
    if random.random() < 0.14 and step.by:
        found = replace(found, batch=random.choice((1, 2, 3, 5)))
    if random.random() < 0.2:
        found = replace(found, retries=random.randint(1, 2))
        if found.batch is None:
            found = replace(found, fails=random.randint(0, found.retries or 0))
    if random.random() < 0.12:
        found = replace(found, env={"SN_ENV": random.choice(("1", "two words", "$HOME", "a'b", "%d{x}"))})
    if random.random() < 0.3:
        found = replace(found, resources=resources(random, found.inputs))
        if "attempts" in without:
            kept = {n: v for n, v in found.resources.items() if not re.search(r"\]\[|str\(", str(v.written))}
            found = replace(found, resources=kept)
    return found
