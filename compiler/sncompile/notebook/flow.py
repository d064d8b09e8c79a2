"""Steps, sequences and what may work side by side: pipelines built in Python."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from sncompile.api import Checked, check_text, place_of
from sncompile.diagnostics import CompileError
from sncompile.faults.documents import BAD_FLOW, BAD_VALUE
from sncompile.notebook.document import yaml_text
from sncompile.notebook.modules import ConfiguredModule, output_of, settled
from sncompile.notebook.pipeline import LoadedPipeline, Pipeline, pipeline_document
from sncompile.notebook.values import Data, literal, plain, roots
from sncompile.semantics.modules.locating import project_root
from sncompile.semantics.program import Options
from sncompile.syntax.document import PipelineDoc

Item = "Step | Module | Flow | LoadedPipeline"

_MERGED = ("data", "params", "inputs", "tables", "infer", "modules")
"""Parts of a document that a flow takes over from the flows inside of it."""


class Step:
    """One use of a module or of a loaded pipeline.

    `with_` gives values to inputs and parameters, over what is set of the module itself. Further keywords are the keys
    that a step has in a spec: `over`, `where`, `outputs`, `when`, `after`, `resources`, `retries`, `priority`,
    `container`, `env`, `local`, `tags`, `title`, …; steps may stand for their names in `after`.
    """

    def __init__(
        self,
        module: Module | LoadedPipeline | str | Mapping[str, Any],
        name: str | None = None,
        *,
        by: str | Sequence[str] = (),
        with_: Mapping[str, Any] | None = None,
        **keys: Any,
    ) -> None:
        if not isinstance(module, (Module, LoadedPipeline)):
            module = Module(module, name=name if isinstance(module, Mapping) else None)
        self.module = module
        self.name = name or re.sub(r"\W", "_", module.name)
        """What it is called."""
        self.by = [by] if isinstance(by, str) else list(by)
        """The keys that it ranges over."""
        self.with_ = dict(with_ or {})
        """What is given to inputs and parameters."""
        self.keys = keys
        """Its further keys."""

    def __getitem__(self, output: str) -> str:
        """What another step gives to its input to take this output. Raises `CompileError` for one that is not there."""
        document = self.module.spec if isinstance(self.module, Module) else self.module._document()
        return output_of(self.name, output, document)

    def __repr__(self) -> str:
        by = f", by={self.by!r}" if self.by else ""
        return f"Step({self.module.name!r}, name={self.name!r}{by})"

    def as_object(self, folder: Path) -> dict[str, Any]:
        """The step as a spec has it, for a document in `folder`."""
        module = self.module
        if isinstance(module, Module):
            reference: Any = module.reference
            given = module.given
        else:
            reference = os.path.relpath(module.path, folder)
            reference = reference if reference.startswith("..") else f"./{reference}"
            given = module.params.given | module.inputs.given
        if isinstance(reference, str) and os.path.isabs(reference):
            reference = os.path.join(".", os.path.relpath(reference, folder))
        found = {"module": reference, "by": self.by, "with": _nested({**given, **self.with_}), **self.keys}
        if "after" in found:
            after = found["after"]
            found["after"] = [s if isinstance(s, str) else s.name for s in ([after] if _is_one(after) else after)]
        return {key: plain(value) for key, value in found.items() if value not in ([], {}, None)}


def _nested(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, with parameters of groups in mappings: `ref.species` becomes `{ref: {species: …}}`."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        *groups, last = name.split(".")
        inside = found
        for group in groups:
            inside = inside.setdefault(group, {})
        mapping = isinstance(value, Mapping) and isinstance(inside.get(last), dict)
        inside[last] = {**inside[last], **value} if mapping else value
    return found


def _is_one(after: object) -> bool:
    return isinstance(after, (str, Step, Module))


class Flow(Pipeline):
    """A pipeline of steps in some order (`Seq`) or in none (`Parallel`), beyond the order that data imposes.

    `tables`, `params`, `inputs`, `infer` and `outputs` are those of a spec; a parameter may be just its default.
    Further keywords are a spec's other keys. Flows nest; what an inner one declares belongs to the outer one too.
    """

    kind: Literal["seq", "parallel"]

    def __init__(
        self, items: Sequence[Any], *, name: str | None = None, data: Data = None,
        params: Mapping[str, Any] | None = None, **keys: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        self.items = tuple(map(_item, items))
        """The steps and flows in it."""
        self._own_name = name
        self._folder = Path.cwd()
        self._declared: dict[str, Any] = {
            "params": {n: _param(value) for n, value in (params or {}).items()},
            "data": {n: literal(path) for n, path in roots(data).items()},
            **keys,
        }
        self._kept: tuple[str, PipelineDoc] | None = None
        self.data.given.update(roots(data))

    @property
    def steps(self) -> list[Step]:
        """All steps, in order."""
        return list(_steps(self))

    def _tree(self) -> Any:
        parts = [item.name if isinstance(item, Step) else item._tree() for item in self.items]
        return {self.kind: parts}

    def document(self) -> dict[str, Any]:
        """The flow as a spec has it, as plain data. Raises `CompileError` where its parts do not go together."""
        steps: dict[str, Step] = {}
        for step in self.steps:
            if steps.setdefault(step.name, step) is not step:
                help = "give one of them another `name`"
                raise CompileError([BAD_VALUE.at(None, f"two steps are called `{step.name}`", help=help)])
        if not steps:
            raise CompileError([BAD_FLOW.at(None, "the flow is empty", help="give it a step")])
        merged = {key: self._merged(key) for key in _MERGED}
        rest = {key: value for key, value in self._declared.items() if key not in _MERGED}
        found = {
            "sncompile": 1,
            "pipeline": self._own_name or "flow",
            **{key: plain(value) for key, value in (merged | rest).items() if value},
            "steps": {name: step.as_object(self._folder) for name, step in steps.items()},
        }
        return found if len(self.steps) == 1 else {**found, "flow": self._tree()}

    def _merged(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for item in self.items:
            inner = item._merged(key) if isinstance(item, Flow) else _brought(item, key)
            for name, value in inner.items():
                if key != "data" and name in found and plain(found[name]) != plain(value):
                    message = f"two parts of the flow declare `{name}` under `{key}`, and not the same"
                    raise CompileError([BAD_VALUE.at(None, message, help="give one of them another name")])
                found.setdefault(name, value)
        return found | dict(self._declared.get(key) or {})

    def _data_given(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for item in self.items:
            inner = item._data_given() if isinstance(item, Flow) else _data_of(item)
            found = inner | found
        return found | roots(self.data.given)

    def options(self, working_dir: str | os.PathLike[str] | None = None) -> Options:
        """What is set, as a compile takes it."""
        options = super().options(working_dir if working_dir is not None else self._folder)
        return Options(self._data_given(), {}, options.params, options.directory, options.invoked_from)

    @property
    def yaml(self) -> str:
        """The flow as the text of a spec."""
        return yaml_text(self.document())

    def _document(self) -> PipelineDoc:
        text = self.yaml
        if self._kept is None or self._kept[0] != text:
            checked = self._parsed(text)
            if checked.document is None:
                raise CompileError(checked.diagnostics, checked.sources)
            self._kept = text, pipeline_document(checked.document)
        return self._kept[1]

    def _parsed(self, text: str) -> Checked:
        from sncompile.diagnostics import Report
        from sncompile.semantics.modules.library import Library
        from sncompile.syntax.source import Source, decode

        report = Report()
        library = Library(self._root(), self._invoked_from, report)
        source = decode(self._source, place_of(self._source, self._folder), text.encode())
        document = library.parse(source) if isinstance(source, Source) else None
        if not isinstance(source, Source):
            report.add(source)
        return Checked(self._source, document, None, report.diagnostics(), library.sources)

    @property
    def _source(self) -> str:
        return f"<{self._own_name or 'flow'}>"

    def _root(self) -> Path:
        """The folder that references stay in: it holds what was named in Python, which was meant."""
        places = [project_root(self._folder)]
        places += [s.module.path.parent for s in self.steps if isinstance(s.module, LoadedPipeline)]
        for step in self.steps:
            reference = step.module.reference if isinstance(step.module, Module) else None
            if isinstance(reference, str) and os.path.isabs(reference):
                places.append(Path(reference).parent)
        return Path(os.path.commonpath([place.resolve() for place in places]))

    def _checked(self, options: Options, strict: bool | tuple[str, ...]) -> Checked:
        return check_text(self._source, self.yaml, self._folder, options, root=self._root(), strict=strict)


class Module(ConfiguredModule):
    """A module, by a reference as specs have it, or written as a mapping. `inputs` and `params` hold what is set."""

    @property
    def pipeline(self) -> Flow:
        """The pipeline of this module alone, as the module is set now."""
        return Seq([self], name=self.name)


def module(
    reference: str | os.PathLike[str] | Mapping[str, Any], *, name: str | None = None, data: Data = None, **values: Any
) -> Module:
    """A module with some inputs and parameters set.

    `reference` is one as specs have it (`./tools/align.yaml`, `starrynight/…`, `pkg:…`), a path, or the module written
    as a mapping. Raises `CompileError` where it leads nowhere, or lacks what is set.
    """
    return Module(reference if isinstance(reference, Mapping) else settled(reference), name=name, data=data, **values)


class Seq(Flow):
    """Steps one after the other: each waits for all before it."""

    kind = "seq"


class Parallel(Flow):
    """Steps that need not wait for each other."""

    kind = "parallel"


def _item(item: Any) -> Step | Flow:
    if isinstance(item, (Step, Flow)):
        return item
    if isinstance(item, (Module, LoadedPipeline)):
        return Step(item)
    raise TypeError(f"a flow is made of steps, modules, pipelines and flows, not of {type(item).__name__}")


def _steps(flow: Flow) -> Iterator[Step]:
    for item in flow.items:
        if isinstance(item, Step):
            yield item
        else:
            yield from _steps(item)


def _param(value: Any) -> Any:
    """A parameter as it is declared; a bare value is its default, and says its type."""
    if isinstance(value, Mapping):
        return dict(value)
    return {"type": _type(value), "default": plain(value)}


def _type(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"{_type(value[0]) if value else 'string'}[]"
    if isinstance(value, os.PathLike):
        return "path"
    plainly = plain(value)
    kinds = ((bool, "boolean"), (int, "integer"), (float, "number"))
    return next((name for kind, name in kinds if isinstance(plainly, kind)), "string")


def _brought(step: Step, key: str) -> dict[str, Any]:
    """What a step declares for its flow: the data roots of its module."""
    if key != "data":
        return {}
    if isinstance(step.module, Module):
        return {name: literal(path) for name, path in step.module.roots.items()}
    return {name: literal(path) for name, path in _data_of(step).items()}


def _data_of(step: Step) -> dict[str, str]:
    if isinstance(step.module, Module):
        return step.module.roots
    return roots(step.module.data.given)
