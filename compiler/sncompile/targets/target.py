"""What a target is.

A target prints the lowered model (`lowering/model.py`): it declares what its engine can do, by `Feature`, and which
options it has, by the fields of a class. What the engine cannot do is refused before the target is called, and an
option that it does not have, too.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NamedTuple, TypeVar, get_args, get_type_hints

from sncompile.diagnostics import CompileError, Diagnostic, Fault, did_you_mean
from sncompile.faults import targets as faults

if TYPE_CHECKING:
    from sncompile.ir.graph.model import Graph
    from sncompile.lowering.features import Feature
    from sncompile.lowering.model import Lowered
    from sncompile.targets.emitted import Emitted

Engine = Literal["docker", "podman"]
"""What runs images where a target's own engine cannot."""


def wrapped_for(containers: str) -> Engine | None:
    """The engine that commands are wrapped for, for a choice of how containers run; None: the target's own way."""
    return containers if containers in get_args(Engine) else None  # type: ignore[return-value]


NOT_HEEDED = "not heeded"
"""What a target says of a resource that its jobs may ask for in vain: that is told as a remark."""


class NoOptions(NamedTuple):
    """A target without options."""


class Refusal(NamedTuple):
    """How a target says that its engine lacks something.

    `{task}` in the message is the step that asks for it, `{what}` the port, resource, key or secrets.
    """

    fault: Fault
    message: str
    help: str


OptionsT = TypeVar("OptionsT", bound=tuple[Any, ...])


class Target(ABC, Generic[OptionsT]):
    """Something that a pipeline can be compiled to.

    `features` says of what an engine can do how it is expressed; what is not among them is refused. `refusals` are for
    those, by the feature or the name of an option or resource, where more can be said than that the engine lacks it.
    """

    name: ClassVar[str]
    """What `-t` calls it."""
    title: ClassVar[str]
    """What people call it, with the version that it is made for."""
    features: ClassVar[Mapping[Feature, str]]
    resources: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Resources by their names in specs, each with how it is asked for, or `NOT_HEEDED`. Any other is refused."""
    refusals: ClassVar[Mapping[Feature | str, Refusal]] = MappingProxyType({})
    options: ClassVar[type[tuple[Any, ...]]] = NoOptions
    """A `NamedTuple` whose fields are the options, each with a default. Their types are texts, numbers, `bool` or a
    `Literal` of texts."""

    def place(self, graph: Graph, out: Path) -> str:
        """The folder in which jobs find the files of modules, where the emitted files stand in `out`."""
        return os.path.relpath(out / "files", graph.folder)

    def stage(self, paths: Iterable[str]) -> Callable[[str], str] | None:
        """Where jobs find their inputs: a function from the path that the pipeline has; None where that is the place.

        `paths` are all that there are.
        """
        return None

    def prepare(self, graph: Graph, out: Path) -> Graph:
        """The graph that is lowered for this target: what its engine has no words for, in those that it has.

        The files that come of it stay what they are. A target that needs nothing of the kind gives the graph as it is.
        `read_back` and `verify` get the graph as it was.
        """
        return graph

    @abstractmethod
    def lower(self, lowered: Lowered, out: Path, options: OptionsT) -> Emitted:
        """The files of a pipeline, which will stand in `out`.

        The same model gives the same bytes: no time, no absolute path, no order of a set. Raises `CompileError`, naming
        the place, for what cannot be expressed although no feature stands for it.
        """

    def remarks(self, lowered: Lowered, out: Path, options: OptionsT) -> Sequence[Diagnostic]:
        """What `lower` would say of a pipeline, its warnings, for who wants no files. Raises `CompileError` as it does.

        A target whose files take long to print says it without them.
        """
        return self.lower(lowered, out, options).warnings

    def read_back(self, graph: Graph, emitted: Emitted, out: Path) -> Sequence[str]:
        """What differs between the graph and the files that were made of it, in words; empty where nothing does.

        The files are read as the engine would read them. It is done on every compile: no process, and cheap.
        """
        return ()

    def verify(self, graph: Graph, out: Path) -> Sequence[str] | None:
        """As `read_back`, for all jobs of the files that stand in `out`, and by the engine itself where it can.

        None: nothing can read them.
        """
        return None

    @property
    def reader(self) -> str:
        """What reads the files in `verify`, for people."""
        return self.title.partition(" ")[0]


def options_for(target: Target[Any], given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The options of a target that are set to something. Texts become what the fields want.

    Raises `CompileError` for an option that the target does not have, and for a value that does not fit.
    """
    fields = get_type_hints(target.options)
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name not in fields:
            raise CompileError([_no_option(target, name, list(fields))])
        found[name] = _fitting(target, name, value, fields[name])
    return target.options(**found)


def _no_option(target: Target[Any], name: str, known: Sequence[str]) -> Any:
    refusal = target.refusals.get(name)
    if refusal is not None:
        return refusal.fault.at(None, refusal.message, help=refusal.help)
    hint = did_you_mean(name, known, what="options") if known else f"`{target.name}` has no options of its own"
    return faults.NO_OPTION.at(None, f"`{target.name}` has no option `{name}`", help=hint)


def _fitting(target: Target[Any], name: str, value: Any, kind: Any) -> Any:
    """An option's value as its field has it."""
    choices = [each for each in _choices(kind) if each is not None]
    if not isinstance(value, str) or kind is str:
        return value
    if choices and all(isinstance(each, str) for each in choices):
        if value in choices:
            return value
        raise CompileError([_unfit(target, name, value, f"it is one of {', '.join(choices)}")])
    try:
        return {"true": True, "false": False}[value] if kind is bool else kind(value)
    except (KeyError, ValueError):
        wanted = "it is `true` or `false`" if kind is bool else f"it is a number (`{kind.__name__}`)"
        raise CompileError([_unfit(target, name, value, wanted)]) from None


def _choices(kind: Any) -> list[Any]:
    """The values of a `Literal`, also of one that may be absent."""
    found: list[Any] = []
    for each in get_args(kind):
        found += _choices(each) if get_args(each) else [None if each is type(None) else each]
    return found


def _unfit(target: Target[Any], name: str, value: str, help: str) -> Any:
    return faults.NO_OPTION.at(None, f"`{target.name}` cannot take `{value}` for its option `{name}`", help=help)
