"""A pipeline document → linked steps. A pipeline used as a step is linked in its place, its steps under its name."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Mapping
from pathlib import Path

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import documents as document_faults
from sncompile.faults import graph as graph_faults
from sncompile.faults import names as faults
from sncompile.faults import tables as table_faults
from sncompile.semantics.evaluate import AtRunTime, Evaluator
from sncompile.semantics.flow_link import order_of
from sncompile.semantics.key_link import KeyLinker
from sncompile.semantics.keys import KeySet
from sncompile.semantics.library import Library
from sncompile.semantics.module_link import TypedModule, link_module
from sncompile.semantics.operands import ValueFault
from sncompile.semantics.program import Step
from sncompile.semantics.scope import RESERVED, UNIT, Members, Scope, Space, StepSpace, TableSpace
from sncompile.semantics.step_link import StepLinker, bind_ports_and_params
from sncompile.semantics.table_link import TableLoader
from sncompile.semantics.tables import Table
from sncompile.semantics.types import STRING, Type
from sncompile.semantics.typing import Typer
from sncompile.semantics.values import Const, Output, Value, is_constant
from sncompile.syntax.document import Document, ModuleDoc, Named, PipelineDoc, StepDoc


class Shared:
    """What all pipelines of one compile share: the library, the report, the working folder, and what was linked."""

    def __init__(self, library: Library, report: Report, folder: Path) -> None:
        self.library = library
        self.report = report
        self.folder = folder
        self.steps: dict[str, Step] = {}
        self.tables: dict[str, Table] = {}
        self.order: dict[str, list[str]] = {}
        self._modules: dict[int, tuple[ModuleDoc, TypedModule]] = {}

    def module(self, doc: ModuleDoc) -> TypedModule:
        """The typed module of a document, typed once."""
        found = self._modules.get(id(doc))
        if found is None:
            found = self._modules[id(doc)] = (doc, link_module(doc, self.library, self.report))
        return found[1]


class LazyStep:
    """A step as others see it. It is linked when its outputs are first asked for, so that order does not matter."""

    def __init__(self, linker: PipelineLinker, name: str) -> None:
        self._linker = linker
        self._name = name
        self.used = False

    @property
    def title(self) -> str:
        return f"the step `{self._name}`"

    def names(self) -> Iterable[str]:
        return self._linker.space(self._name).names()

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        return self._linker.space(self._name).get(name, keys, span)


class PipelineLinker:
    """Links one pipeline. `inputs` and `params` are bound by the caller; `outer` are the calling step's instances."""

    def __init__(
        self,
        doc: PipelineDoc,
        shared: Shared,
        *,
        prefix: str = "",
        data: Mapping[str, Value],
        inputs: Mapping[str, Value],
        params: Mapping[str, Value],
        outer: KeySet | None = None,
        outer_tables: Mapping[str, Table] | None = None,
        inside: tuple[PipelineDoc, ...] = (),
    ) -> None:
        self._doc, self._shared, self._prefix = doc, shared, prefix
        self._report = shared.report
        self._outer = outer if outer is not None else UNIT
        self._inside = (*inside, doc)
        self._data = data
        self.param_members = Members("the parameters", params, set())
        self._table_use: set[str] = set(outer_tables or ())
        self._spaces: dict[str, Space] = {
            "data": Members("the data roots", data, set()),
            "params": self.param_members,
            "inputs": Members("the inputs", inputs, set()),
        }
        self._tables = dict(outer_tables or {})
        self._lost: dict[str, set[str]] = {}
        self._load_tables()
        self._spaces |= {name: TableSpace(table, self._table_use) for name, table in self._tables.items()}
        before_steps = dict(self._spaces)
        self._elsewhere = {key: t.name for t in self._tables.values() for key in t.key}
        self._keys = KeyLinker(self._tables, self._lost, outer, before_steps, self._report)
        self._before_steps = before_steps
        self._linked: dict[str, StepSpace] = {}
        self._in_progress: list[str] = []
        self._inner: dict[str, list[str]] = {}
        self._modules_used: set[str] = set()
        self._order = order_of(doc, self._report)
        self._check_names()
        self._spaces |= {name: LazyStep(self, name) for name in doc.steps if name not in self._spaces}

    def _load_tables(self) -> None:
        source = self._doc.source
        prefix = os.path.relpath(source.folder, self._shared.folder) if source.path is not None else "."
        loader = TableLoader(self._shared.folder, "" if prefix == "." else prefix, self._report)
        for name, doc in self._doc.tables.items():
            table = loader.load(doc, Scope(self._spaces))
            self._tables.pop(name, None)
            if table is None:
                self._lost[name] = {key.name for key in doc.key}
            else:
                self._tables[name] = table
                self._shared.tables.setdefault(self._prefix + name, table)

    def _check_names(self) -> None:
        places: dict[str, tuple[str, Span]] = {}
        own = [(k.name, "key", k.span) for t in self._doc.tables.values() for k in t.key]
        named = [(n, "table", t.name.span) for n, t in self._doc.tables.items()]
        named += [(n, "step", s.name.span) for n, s in self._doc.steps.items()]
        for name, kind, span in [*own, *named]:
            if name in RESERVED:
                self._report.add(
                    document_faults.RESERVED_NAME.at(span, f"`{name}` is a reserved name", help=f"rename the {kind}")
                )
            first = places.setdefault(name, (kind, span))
            if first[0] != kind:
                self._report.add(
                    faults.AMBIGUOUS_NAME.at(
                        span, f"`{name}` is a {first[0]} and a {kind}",
                        help="rename one of them", related=(Place(f"the {first[0]} is here", first[1]),),
                    )
                )  # fmt: skip

    # --- Steps -------------------------------------------------------------------------------------------------

    def link(self) -> dict[str, Value]:
        """Link every step, and give the pipeline's outputs as seen from the calling step's instances."""
        for name in self._doc.steps:
            self.space(name)
        self._note_order()
        outputs = self._outputs()
        self._warn_unused()
        return outputs

    def space(self, name: str) -> StepSpace:
        """A step as others see it, linked now if it is not yet."""
        found = self._linked.get(name)
        if found is not None:
            return found
        if name in self._in_progress:
            self._tell_cycle(name)
            return StepSpace(name, None, {}, False, True)
        self._in_progress.append(name)
        self._linked[name] = found = self._link_step(self._doc.steps[name])
        self._in_progress.pop()
        return found

    def _tell_cycle(self, name: str) -> None:
        ring = [*self._in_progress[self._in_progress.index(name) :], name]
        span = self._doc.steps[name].name.span
        related = tuple(Place(f"`{n}` is here", self._doc.steps[n].name.span) for n in ring[1:-1])
        shown = " → ".join(f"`{n}`" for n in ring)
        self._report.add(
            graph_faults.CYCLE.at(
                span, f"steps need each other: {shown}", help="take out one of the references", related=related
            )
        )

    def _link_step(self, step: StepDoc) -> StepSpace:
        name = step.name.name
        broken = StepSpace(name, None, {}, False, True)
        gone = not self._wanted(step)
        module = self._module_of(step)
        keys = self._keys.link(step)
        for table in keys.rows.tables if keys is not None else ():
            self._table_use.add(table.name)
        if module is None or keys is None:
            self._type_anyway(step, keys)
            return broken
        if isinstance(module, PipelineDoc):
            return self._link_nested(step, module, keys, gone)
        typed = self._shared.module(module)
        outputs: dict[str, Value] = {
            port: Output(self._prefix + name, port, Type(p.base, p.many, False, p.formats), p.name.span)
            for port, p in module.outputs.items()
        }
        space = StepSpace(name, keys, outputs, gone, False)
        if gone:
            return space
        self._linked[name] = space  # A step may be named inside itself; that is a cycle, told of later.
        linker = StepLinker(step, typed, keys, self._scope(keys), self._shared, self._prefix, self._workspace())
        linked = linker.link()
        self._inner[name] = [linked.name]
        self._shared.steps[linked.name] = linked
        return space

    def _type_anyway(self, step: StepDoc, keys: KeySet | None) -> None:
        """Look for faults in the expressions of a step that cannot be linked."""
        if keys is None:
            return
        typer = Typer(self._scope(keys), self._report)
        for _, value in step.bindings.values():
            if value is not None:
                typer.value(value)

    def _scope(self, keys: KeySet) -> Scope:
        return Scope(self._spaces, keys=keys, elsewhere=self._elsewhere)

    def _workspace(self) -> str:
        root = self._data.get("workspace")
        return str(root.value) if isinstance(root, Const) else "results"

    def _wanted(self, step: StepDoc) -> bool:
        if step.when is None:
            return True
        value = Typer(Scope(self._before_steps, elsewhere=self._elsewhere), self._report).value(step.when)
        if value.type.base == "unknown":
            return True
        if value.type.base != "boolean" or value.type.many:
            self._report.add(
                table_faults.BAD_CONDITION.at(
                    value.span,
                    f"`when` gives {value.type}, not true or false",
                    help="compare it: `${params.mode == 'fast'}`",
                )
            )
            return True
        try:
            return bool(Evaluator({}).constant(value))
        except (ValueFault, AtRunTime) as fault:
            message = str(fault) or "it must be the same for all jobs"
            self._report.add(
                table_faults.BAD_CONDITION.at(
                    value.span, f"`when`: {message}", help="`where` chooses among a table's rows"
                )
            )
            return True

    def _module_of(self, step: StepDoc) -> Document | None:
        if not isinstance(step.module, Named):
            return step.module
        self._modules_used.add(step.module.name.partition("/")[0])
        document = self._shared.library.resolve(step.module, self._doc.source, self._doc.modules)
        if isinstance(document, PipelineDoc) and document in self._inside:
            ring = [d.name.name for d in self._inside[self._inside.index(document) :]] + [document.name.name]
            self._report.add(
                faults.MODULE_RECURSION.at(
                    step.module.span, f"the pipeline uses itself: {' → '.join(f'`{n}`' for n in ring)}",
                    help="take the step out, or use another module",
                )
            )  # fmt: skip
            return None
        return document

    def _link_nested(self, step: StepDoc, module: PipelineDoc, keys: KeySet, gone: bool) -> StepSpace:
        name = step.name.name
        bound = bind_ports_and_params(
            step, module.inputs, module.params, module.name.name, self._scope(keys), self._report,
            broken=module.broken or step.broken,
        )  # fmt: skip
        data = {**root_values(module, {}, self._shared), **self._data}
        linker = PipelineLinker(
            module, self._shared,
            prefix=f"{self._prefix}{name}.", data=data, inputs=bound.inputs, params=bound.params, outer=keys,
            outer_tables=self._tables, inside=self._inside,
        )  # fmt: skip
        before = set(self._shared.steps)
        outputs = linker.link()
        inner = [n for n in self._shared.steps if n not in before]
        self._refuse_settings(step)
        if gone:
            for inner_name in inner:
                del self._shared.steps[inner_name]
            inner = []
        self._inner[name] = inner
        return StepSpace(name, keys, outputs, gone, False)

    def _refuse_settings(self, step: StepDoc) -> None:
        """A pipeline has no command of its own, so what belongs to one must stand in its steps."""
        for port in step.outputs.values():
            self._report.add(
                document_faults.BAD_VALUE.at(
                    port.name.span, "a pipeline's outputs have their paths inside it", help="give the path there"
                )
            )
        given = [w for w, v in (("resources", step.resources), ("container", step.container), ("env", step.env)) if v]
        if given:
            self._report.add(
                document_faults.BAD_VALUE.at(
                    step.name.span,
                    f"`{given[0]}` of a step that is a pipeline has no effect",
                    help="set it in the pipeline's own steps",
                )
            )

    # --- Outputs and what is left over --------------------------------------------------------------------------

    def _outputs(self) -> dict[str, Value]:
        if self._doc.outputs is None:
            return {}
        typer = Typer(self._scope(self._outer), self._report)
        return {name: typer.template(template) for name, (_, template) in self._doc.outputs.items()}

    def _note_order(self) -> None:
        """Write down which linked steps must be done before which, by `after` and `flow`."""
        for name, before in self._order.items():
            earlier = [inner for other in before for inner in self._inner.get(other, ())]
            for inner in self._inner.get(name, ()):
                self._shared.order.setdefault(inner, []).extend(earlier)

    def _warn_unused(self) -> None:
        for name, (named, reference) in self._doc.modules.items():
            if name not in self._modules_used:
                self._shared.library.check_short(named, reference, self._doc.source)
                self._report.add(
                    faults.UNUSED_MODULE.at(
                        named.span, f"no step uses the module `{name}`", help="remove it, or use it"
                    )
                )
        for name, param in self._doc.params.items():
            if name not in self.param_members.used:
                self._report.add(
                    faults.UNUSED_PARAM.at(
                        param.name.span, f"nothing uses the parameter `{name}`", help="remove it, or use it"
                    )
                )
        for name, table in self._doc.tables.items():
            if name not in self._table_use and name not in self._lost:
                self._report.add(
                    table_faults.UNUSED_TABLE.at(
                        table.name.span, f"no step uses the table `{name}`", help="remove it, or use it"
                    )
                )


def root_values(doc: PipelineDoc, given: Mapping[str, str], shared: Shared) -> dict[str, Value]:
    """The data roots of a pipeline; `given` replaces them. Relative ones start at the document's folder."""
    found: dict[str, Value] = {}
    source = doc.source
    prefix = os.path.relpath(source.folder, shared.folder) if source.path is not None else "."
    for name, (named, template) in doc.data.items():
        if name in given:
            found[name] = Const(given[name], STRING, named.span)
            continue
        value = Typer(Scope({"data": Members("the data roots before", dict(found), set())}), shared.report).template(
            template
        )
        if value.type.base == "unknown":
            continue
        try:
            text = Evaluator({}).constant(value) if is_constant(value) else None
        except ValueFault:
            text = None
        if not isinstance(text, str) or not text:
            shared.report.add(
                graph_faults.BAD_ROOT.at(
                    template.span, f"the data root `{name}` is no path", help="give a path or a URL"
                )
            )
            continue
        relative = bool(template.parts) and isinstance(template.parts[0], str)
        found[name] = Const(clean_root(text, prefix if relative else "."), STRING, named.span)
    return found


def clean_root(text: str, prefix: str) -> str:
    """A root as a plain path: no `./`, no double or final slash. A URL stays as it is but for its final slash."""
    if "://" in text:
        return text.rstrip("/")
    return posixpath.normpath(posixpath.join(prefix, text))
