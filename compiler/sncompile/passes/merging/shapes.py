"""The shape of a family: all of it but what may differ between branches.

What may differ are the *holes*: the values of ports and parameters, the paths of outputs, and the free words of the
command. Families of one shape have the same holes in the same order, so that each hole becomes a column.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from sncompile.diagnostics import Span
from sncompile.ir.graph.commands import Argument, Flag, Option, ShellPart
from sncompile.ir.graph.model import Family
from sncompile.ir.graph.structure import Settings, argument_structure, fixed_structure, keys_structure, structure
from sncompile.ir.language.operands import ValueFault
from sncompile.ir.language.types import STRING, Type
from sncompile.ir.values.evaluate import AtRunTime, Evaluator
from sncompile.ir.values.model import Const, Items, Local, Output, Related, Text, Value, walk
from sncompile.lazy_regex import regex
from sncompile.passes.merging.words import Words, is_intricate, script_pieces

# What a named tuple's own constructor comes down to, in half the time: there are some for every step.
_new = tuple.__new__


class Reference(NamedTuple):
    """An output of another family, as a hole holds it."""

    value: Related
    step: str
    port: str


Entry = Const | Reference


At = tuple[str | int, ...]
"""Where a hole is: `("inputs", port)`, `("command", 3)`, `("command", 3, 1)` for the second part of a text there, …"""


class Hole(NamedTuple):
    """What a hole holds in one family: one entry, or a list of them. `hint` names it, after a port or an option."""

    at: At
    hint: str
    entries: tuple[Entry, ...]
    many: bool
    type: Type


Aspects = tuple[tuple[str, Hashable], ...]
F = TypeVar("F", bound=Hashable)


class Numbered(NamedTuple, Generic[F]):
    """A form, and a number by which it is compared."""

    form: F
    number: int


class Shape(NamedTuple):
    """`aspects` are what must be equal, by the names that people know them by; they are where the `key` is equal."""

    aspects: Aspects
    holes: tuple[Hole, ...]
    key: Hashable


class _Names:
    """What a family's files and parameters are called, cut into words; `asked` says whether somebody wanted to know."""

    def __init__(self, holes: list[Hole]) -> None:
        self._holes = tuple(holes)
        self.asked = False

    @cached_property
    def _words(self) -> set[str]:
        entries = [entry for hole in self._holes for entry in hole.entries]
        return {word for e in entries if isinstance(e, Const) for word in _TOKEN.findall(str(e.value))}

    def __contains__(self, word: object) -> bool:
        self.asked = True
        return word in self._words


class Shaper:
    """Finds the shapes of the families of one graph."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        # Steps of one module share its command and settings, which are then read once.
        self.commands: dict[tuple[int, int], tuple[Numbered[Hashable], list[Hole]]] = {}
        self.settings = Settings()
        self._told: dict[int, Numbered[Aspects]] = {}
        self._numbers: dict[Hashable, int] = {}

    def shape(self, family: Family) -> Shape:
        """The shape of a family."""
        return _Shaping(family, self).shape()

    def numbered(self, form: F) -> Numbered[F]:
        """A form with a number that only equal ones have: large ones, which many families share, are compared once."""
        return Numbered(form, self._numbers.setdefault(form, len(self._numbers)))

    def told(self, settings: dict[str, Hashable]) -> Numbered[Aspects]:
        """As `_told`, made once for each of what `settings` has read, where a family has no values in it."""
        found = self._told.get(id(settings))
        if found is None:
            found = self._told[id(settings)] = self.numbered(_told(settings))
        return found


def _told(settings: dict[str, Hashable], env: Hashable = (), resources: Hashable = ()) -> Aspects:
    """Settings as aspects, with the values that a family has in them."""
    own: dict[str, Hashable] = {"environment": (settings["environment"], env)}
    if resources:
        own["resources"] = resources
    return tuple({**settings, **own}.items())


_TOKEN = regex(r"[A-Za-z0-9]+")


class _Shaping:
    """Goes through one family in a fixed order: inputs, parameters, outputs, command, environment."""

    def __init__(self, family: Family, shaper: Shaper) -> None:
        self._family = family
        self._shaper = shaper
        self._holes: list[Hole] = []

    def shape(self) -> Shape:
        """What any family that can be merged with this one has the same, and the holes where they may differ."""
        family = self._family
        inputs = tuple(
            [(n, fixed_structure(p), self._value(p.value, ("inputs", n), n)) for n, p in family.inputs.items()]
        )
        params = tuple([(n, _base(v), v.type.many, self._value(v, ("params", n), n)) for n, v in family.params.items()])
        # What files and parameters are called may stand in the command as a name.
        named = len(self._holes)
        outputs = tuple(
            [(n, fixed_structure(o), self._value(o.path, ("outputs", n), n)) for n, o in family.outputs.items()]
        )
        command = self._command(named)
        lists = tuple(
            [(n, fixed_structure(f), structure(f.value), self._value(f.path, ("lists", n), n))
             for n, f in family.lists.items()]
        )  # fmt: skip
        env = [(v.name, self._value(v.value, ("env", v.name), v.name)) for v in family.env if v.value is not None]
        settings = self._shaper.settings.structure(family)
        if env or family.resources:
            resources = tuple([(name, self._settled(v)) for name, v in sorted(family.resources.items())])
            told = self._shaper.numbered(_told(settings, env=tuple(env), resources=resources))
        else:
            told = self._shaper.told(settings)
        keys = keys_structure(family.keys)
        aspects = (
            ("keys", keys),
            ("inputs", inputs),
            ("parameters", params),
            ("outputs", outputs),
            ("command", (command.form, lists)),
            *told.form,
        )
        key = (keys, inputs, params, outputs, command.number, lists, told.number)
        return Shape(aspects, tuple(self._holes), key)

    # --- Values ---------------------------------------------------------------------------------------------------

    def _value(self, value: Value, at: At, hint: str) -> Hashable:
        """The form of a value; what may differ in it becomes a hole, or several."""
        if isinstance(value, Const):
            return self._constant(value, at, hint)
        gathers = isinstance(value, Related) and isinstance(value.value, Output) and bool(value.source.by)
        if self._family.keys.by or gathers:
            return self._template(value, at, hint)
        entries = self._entries(value)
        if entries is None:
            return ("as it is", structure(value))
        self._holes.append(_new(Hole, (at, hint, entries, value.type.many, value.type)))
        return ("hole", value.type.many)

    def _constant(self, value: Const, at: At, hint: str) -> Hashable:
        if value.value is None:
            return ("absent",)
        if isinstance(value.value, tuple):
            entries = tuple([Const(item, value.type.one, value.span) for item in value.value])
            self._holes.append(Hole(at, hint, entries, True, value.type))
            return ("hole", True)
        self._holes.append(_new(Hole, (at, hint, (value,), False, value.type)))
        return ("hole", False)

    def _template(self, value: Value, at: At, hint: str) -> Hashable:
        """As `_value` for a family with keys: what depends on them stays, constants inside are holes."""
        if isinstance(value, Const):
            return self._constant(value, at, hint)
        if isinstance(value, Related) and isinstance(value.value, Output) and value.target is self._family.keys:
            self._holes.append(Hole(at, hint, (_reference(value),), False, value.type))
            return ("reference", keys_structure(value.source), keys_structure(value.target))
        if isinstance(value, Text):
            return ("text", *[self._template(part, (*at, i), hint) for i, part in enumerate(value.parts)])
        return ("as it is", structure(value))

    def _entries(self, value: Value) -> tuple[Entry, ...] | None:
        """What a value of a family without keys is made of; None where it is no plain constant or reference."""
        if isinstance(value, Related) and isinstance(value.value, Output):
            plain = not value.gathers and not value.source.by and not value.target.by and not value.type.many
            return (_reference(value),) if plain else None
        if isinstance(value, Items):
            found: list[Entry] = []
            for item in value.items:
                here = self._entries(item)
                if here is None or (item.type.many and any(isinstance(e, Reference) for e in here)):
                    return None
                found += here
            return tuple(found)
        if any(isinstance(leaf, (Output, Local)) for leaf in walk(value)):
            return None
        constant = self._constant_of(value)
        if constant is None:
            return None
        if isinstance(constant.value, tuple):
            return tuple([Const(item, value.type.one, value.span) for item in constant.value])
        return (constant,)

    def _constant_of(self, value: Value) -> Const | None:
        if isinstance(value, Const):
            return value
        try:
            found = self._shaper.evaluator.closure(value, self._family.keys, self._family)(0)
        except (AtRunTime, ValueFault):
            return None
        return None if found is None else Const(found, value.type, value.span)

    def _settled(self, value: Value) -> Hashable:
        """A setting by its value where that is known, so that it does not matter how it was said."""
        if not self._family.keys.by and (found := self._constant_of(value)) is not None:
            return found.value
        return structure(value)

    # --- Commands -------------------------------------------------------------------------------------------------

    def _command(self, named: int) -> Numbered[Hashable]:
        """The form of the command; so many holes are those of files that are read and of parameters."""
        family = self._family
        known = (id(family.command), id(family.shell))
        if known in self._shaper.commands:
            shared, holes = self._shaper.commands[known]
            self._holes += holes
            return shared
        names = _Names(self._holes[:named])
        start = len(self._holes)
        command = tuple(self._arguments(names)) if family.command is not None else None
        written = len(self._holes)
        shell = tuple(self._script()) if family.shell is not None else None
        both: Hashable = (command, shell)
        form = self._shaper.numbered(both)
        if not names.asked and len(self._holes) == written:  # Words of a script stand in their own step.
            self._shaper.commands[known] = (form, self._holes[start:])
        return form

    def _arguments(self, names: _Names) -> list[Hashable]:
        words = Words(names)
        return [self._argument(a, ("command", i), words) for i, a in enumerate(self._family.command or ())]

    def _argument(self, argument: Argument, at: At, words: Words) -> Hashable:
        if isinstance(argument, Flag):
            words.form(argument.flag)
            return argument_structure(argument)
        if isinstance(argument, Option):
            form = words.form(argument.option)
            words.other()
            value = self._free(argument.value, at, argument.option.strip("-"))
            # An option's own name is never made a column.
            name = argument.option if form.free else form.text
            return ("option", name, value, fixed_structure(argument._replace(option="")), structure(argument.when))
        if isinstance(argument, Const) and isinstance(argument.value, (str, int, float)):
            form = words.form(str(argument.value))
            if form.free:
                self._holes.append(Hole(at, "argument", (argument,), False, argument.type))
            return ("word", form.text)
        words.other()
        if isinstance(argument, Text):
            parts = [self._free(p, (*at, i), "argument", numbered=True) for i, p in enumerate(argument.parts)]
            return ("text", *parts)
        return structure(argument)

    def _free(self, value: Value, at: At, hint: str, *, numbered: bool = False) -> Hashable:
        if isinstance(value, Const) and isinstance(value.value, (str, int, float)):
            if numbered and not re.search(r"\d", str(value.value)):
                return ("word", value.value)
            self._holes.append(Hole(at, hint, (value,), False, value.type))
            return ("word", re.sub(r"\d+", "#", str(value.value)) if numbered else "*")
        return structure(value)

    def _script(self) -> list[Hashable]:
        found: list[Hashable] = []
        for i, piece in enumerate(script_template(self._family.shell or (), self._family.span)):
            if isinstance(piece, Const):
                self._holes.append(Hole(("shell", i), "word", (piece,), False, STRING))
                found.append("*")
            else:
                found.append((piece.text, piece.value and argument_structure(piece.value)))
        return found


def _base(value: Value) -> str:
    """The type of a parameter's values; whole numbers are numbers, as `1` is where another branch has `0.5`."""
    return "number" if value.type.base == "integer" else value.type.base


def _reference(value: Related) -> Reference:
    assert isinstance(value.value, Output)
    return _new(Reference, (value, value.value.step, value.value.port))


def script_template(parts: tuple[ShellPart, ...], span: Span) -> list[ShellPart | Const]:
    """A script cut into what stays and the words that may differ. Quotes anywhere leave the whole script as it is."""
    if any(is_intricate(part.text) for part in parts):
        return list(parts)
    found: list[ShellPart | Const] = []
    for number, part in enumerate(parts):
        if part.value is not None:
            found.append(part)
            continue
        before = number > 0 and parts[number - 1].value is not None
        after = number + 1 < len(parts) and parts[number + 1].value is not None
        for piece in script_pieces(part.text, starts=number == 0, opens=before, closes=after):
            found.append(Const(piece.text, STRING, span) if piece.free else part._replace(text=piece.text))
    return found
