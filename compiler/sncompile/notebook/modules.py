"""A module with state: what is set of its inputs and parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sncompile.diagnostics import CompileError, Report, Span, did_you_mean
from sncompile.faults.names import NOT_A_PIPELINE, UNKNOWN_OPTION
from sncompile.notebook.settings import Settings
from sncompile.notebook.values import Data, plain, roots
from sncompile.semantics.modules.library import Library
from sncompile.semantics.modules.link import link_module
from sncompile.semantics.modules.locating import project_root
from sncompile.syntax.document import Document, ModuleDoc, Named
from sncompile.syntax.source import Source, decode
from sncompile.views.description import describe

_NAME = "<python>"


class ConfiguredModule:
    """A module, by a reference as specs have it, or written as a mapping. `inputs` and `params` hold what is set."""

    def __init__(
        self, reference: str | Mapping[str, Any], *, name: str | None = None, data: Data = None, **values: Any
    ) -> None:
        """Raises `CompileError` where the reference leads nowhere, or a value has a name that the module lacks."""
        self.folder = Path.cwd()
        """Where relative references start."""
        self.reference = plain(reference) if isinstance(reference, Mapping) else settled(reference)
        self.spec: ModuleDoc = self._read(name)
        """The module's document: its ports, parameters, command, container and what people are told of it."""
        self.name = name or re.sub(r"\W", "_", self.spec.name.name)
        """What a step of this module is called, unless it says otherwise."""
        self.data = data
        told = describe(self.spec)
        self.inputs = Settings("input", lambda: {n: p.get("default") for n, p in told["inputs"].items()}, {})
        """What is given to the inputs: paths, or references such as `other["port"]`."""
        self.params = Settings("parameter", lambda: {n: p["default"] for n, p in told["params"].items()}, {})
        """What is given to the parameters."""
        self.set(values)

    def _read(self, name: str | None) -> ModuleDoc:
        report = Report()
        library = Library(project_root(self.folder), self.folder, report)
        document = _find(self.reference, name, self.folder, library, report)
        if document is not None and not isinstance(document, ModuleDoc):
            message = f"`{self.reference}` is a pipeline, not a module"
            raise CompileError([NOT_A_PIPELINE.at(document.span, message, help="`sncompile.load(…)` takes it")])
        if document is not None:
            link_module(document, library, report)
        if document is None or report.failed:
            raise CompileError(report.diagnostics(), library.sources)
        return document

    def set(self, values: Mapping[str, Any]) -> None:
        """Set inputs and parameters by their names. Raises `CompileError` for one that the module does not have."""
        for name, value in values.items():
            if name in self.spec.inputs:
                self.inputs[name] = value
            elif name in self.params:
                self.params[name] = value
            else:
                hint = did_you_mean(name, (*self.spec.inputs, *self.spec.params), what="it has") or "it has none"
                message = f"`{self.spec.name.name}` has no input or parameter `{name}`"
                raise CompileError([UNKNOWN_OPTION.at(None, message, help=hint)])

    @property
    def given(self) -> dict[str, Any]:
        """What is set of inputs and parameters."""
        return self.inputs.given | self.params.given

    @property
    def roots(self) -> dict[str, str]:
        """The data roots that it was given."""
        return roots(self.data)

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs."""
        return list(self.spec.outputs)

    def __getitem__(self, output: str) -> str:
        """What another step gives to its input to take this output. Raises `CompileError` for one that is not there."""
        return output_of(self.name, output, self.spec)

    def describe(self) -> dict[str, Any]:
        """What the module says of itself, as plain data."""
        return describe(self.spec)

    def __repr__(self) -> str:
        from sncompile.views.description_text import description_text

        return description_text(self.describe(), 100, str).rstrip("\n")

    def _repr_html_(self) -> str:
        from sncompile.notebook.shown import module_html

        return module_html(self)


def output_of(step: str, output: str, document: Document) -> str:
    """The reference to an output of a step, as specs write it. Raises `CompileError` for one that is not there."""
    outputs = document.outputs or {}
    if output not in outputs:
        hint = did_you_mean(output, outputs, what="it has") or "it has none"
        raise CompileError([UNKNOWN_OPTION.at(None, f"`{step}` has no output `{output}`", help=hint)])
    return f"${{{step}.{output}}}"


def settled(reference: str | os.PathLike[str]) -> str:
    """A reference; a path of Python's is a file, whatever it looks like."""
    text = os.fspath(reference)
    return os.path.abspath(text) if isinstance(reference, os.PathLike) else text


def _find(
    reference: str | dict[str, Any], name: str | None, folder: Path, library: Library, report: Report
) -> Document | None:
    if isinstance(reference, dict):
        from sncompile.notebook.document import yaml_text

        head = {"sncompile": 1, "module": name or reference.get("module") or "module"}
        text = yaml_text({**head, **{k: v for k, v in reference.items() if k not in head}})
        source = decode(_NAME, folder / _NAME, text.encode())
        if isinstance(source, Source):
            return library.parse(source)
        report.add(source)
        return None
    library.sources[_NAME] = reference
    span = Span(_NAME, 1, 1, 1, len(reference) + 1)
    if os.path.isabs(reference):
        library.root = Path(os.path.commonpath([library.root, os.path.dirname(reference)]))
    return library.resolve(Named(reference, span), Source(_NAME, folder / _NAME, reference), {})
