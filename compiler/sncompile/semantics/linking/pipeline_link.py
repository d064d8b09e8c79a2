"""A pipeline document → linked steps. A pipeline used as a step is linked in its place, its steps under its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Span
from sncompile.faults import graph as graph_faults
from sncompile.faults import names as faults
from sncompile.faults import tables as table_faults
from sncompile.ir.graph.commands import Waits
from sncompile.ir.keys.key_set import KeySet
from sncompile.ir.keys.table import Table
from sncompile.ir.language.types import NULL
from sncompile.ir.values.model import Const, Content, Output, Value
from sncompile.ir.values.relating import UNIT
from sncompile.ir.values.written import as_text
from sncompile.semantics.checking.silent_slips import warn_of_crossed
from sncompile.semantics.checking.stated import check_pipeline, type_checks
from sncompile.semantics.checking.unused import Used, warn_of_pipeline
from sncompile.semantics.checking.values import check_given
from sncompile.semantics.conditions import is_wanted
from sncompile.semantics.declared_names import check_names
from sncompile.semantics.late.link import LateTables, Source
from sncompile.semantics.linking.data_roots import root_values
from sncompile.semantics.linking.default_link import link_defaults
from sncompile.semantics.linking.flow_link import order_of, through_gone
from sncompile.semantics.linking.key_link import KeyLinker
from sncompile.semantics.linking.moves import wrong_moves
from sncompile.semantics.linking.overrides import Override, overridden, unmet
from sncompile.semantics.linking.step_link import StepLinker
from sncompile.semantics.linking.step_order import order_by_names
from sncompile.semantics.linking.with_link import bind_ports_and_params, refuse_settings, type_names
from sncompile.semantics.modules.link import TypedModule
from sncompile.semantics.program import Handed, Moves, NamedOutput
from sncompile.semantics.scope import RESERVED, MapRows, Members, Scope, Space, StepSpace, TableSpace
from sncompile.semantics.shared import Shared
from sncompile.semantics.tables.link import load_tables
from sncompile.semantics.tables.maps import map_rows
from sncompile.semantics.typing import Typer
from sncompile.syntax.document import Document, ModuleDoc, Named, PipelineDoc, StepDoc


class LazyStep:
    """A step as others see it. It is declared when its outputs are first asked for, so that order does not matter."""

    def __init__(self, linker: PipelineLinker, name: str) -> None:
        self._linker = linker
        self._name = name

    @property
    def title(self) -> str:
        """What it is, for messages."""
        return f"the step `{self._name}`"

    def names(self) -> Iterable[str]:
        """Its outputs."""
        return self._linker.space(self._name).names()

    def get(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """An output as seen from the instances of `keys`."""
        return self._linker.space(self._name).get(name, keys, span)

    def key_names(self) -> Iterable[str]:
        """Its keys."""
        return self._linker.space(self._name).key_names()

    def home(self, name: str, span: Span) -> tuple[Value, KeySet] | None:
        """An output or key with the instances whose it is."""
        return self._linker.space(self._name).home(name, span)

    def key(self, name: str, keys: KeySet, span: Span) -> Value | None:
        """A key as seen from the instances of `keys`."""
        return self._linker.space(self._name).key(name, keys, span)


class _Waiting(NamedTuple):
    """A step that is declared and still to be linked."""

    module: TypedModule
    keys: KeySet


class PipelineLinker:
    """Links one pipeline. `inputs` and `params` are bound by the caller; `outer` are the calling step's instances,
    `tags` the tags of the steps that it is used by: its own steps have them, too."""

    def __init__(
        self,
        doc: PipelineDoc,
        shared: Shared,
        *,
        prefix: str = "",
        data: Mapping[str, Value],
        inputs: Mapping[str, Value],
        params: Mapping[str, Value],
        maps: Mapping[str, MapRows] = MappingProxyType({}),
        outer: KeySet = UNIT,
        outer_tables: Mapping[str, Table] | None = None,
        inside: tuple[PipelineDoc, ...] = (),
        overrides: tuple[Override, ...] = (),
        tags: tuple[str, ...] = (),
    ) -> None:
        self._overrides, self._tags = overrides, tags
        self.names: list[str] = []
        """The names of all steps, those of nested pipelines among them, whether they have jobs or not."""
        self._doc, self._shared, self._prefix = doc, shared, prefix
        self._report, self._data, self._outer = shared.report, data, outer
        self._inside = (*inside, doc)
        maps = self._all_maps(maps, {"data": data, "params": params, "inputs": inputs})
        self.param_members = Members("the parameters", params, set(), maps)
        self.tables_used: set[str] = set()
        spaces: dict[str, Space] = {
            "data": Members("the data roots", data, set()),
            "params": self.param_members,
            "inputs": Members("the inputs", inputs, set()),
        }
        # What the pipeline declares itself hides what its caller has of the same name.
        seen_from_outside = {
            n: t for n, t in (outer_tables or {}).items() if n not in doc.steps and n not in doc.tables
        }
        # Rows that steps of a caller write are for steps alone: no query of this pipeline sees them.
        self._outer_late = {name: table for name, table in seen_from_outside.items() if table.late is not None}
        early = {name: table for name, table in seen_from_outside.items() if table.late is None}
        tables = load_tables(doc, early, Scope(spaces, hidden=doc.steps), shared, prefix, maps)
        self._tables, self._lost = tables.found, tables.lost
        self.tables_used |= tables.named
        if doc.infer:
            spaces["infer"] = tables.infer(spaces, {} if prefix else shared.given)
        shared.inferred |= {prefix + name: inferred for name, inferred in tables.inferred.items()}
        self._before_steps = {**spaces, **self._table_spaces()}
        self._keys = KeyLinker(self._tables, set(doc.tables), self._lost, outer, self._scope, self._report)
        self._known_keys: dict[str, KeySet | None] = {}
        self._declared: dict[str, StepSpace] = {}
        self._declaring: set[str] = set()
        self._waiting: dict[str, _Waiting] = {}
        self._unlinked: list[tuple[StepDoc, Document | None, KeySet | None]] = []
        self._inner: dict[str, list[str]] = {}
        self._modules_used: set[str] = set()
        self._modules: dict[str, Document] = {}
        self._scopes: dict[KeySet, Scope] = {}
        check_names(doc, self._report)
        self._spaces: dict[str, Space] = {n: LazyStep(self, n) for n in doc.steps if n not in RESERVED}
        own_late = [name for name, table in doc.tables.items() if table.source is not None]
        self._late = [*own_late, *self._outer_late]
        self._tables |= self._outer_late
        self._load_late(own_late)
        self._spaces |= self._before_steps | self._table_spaces()

    def _table_spaces(self) -> dict[str, Space]:
        return {n: TableSpace(t, self.tables_used) for n, t in self._tables.items() if n not in RESERVED}

    def _load_late(self, own: Iterable[str]) -> None:
        """Add the tables that steps write; those that are not known in the steps' own conditions and in queries."""
        if not own:
            return
        if self._prefix:
            for name in own:
                message = "the rows of a table in a pipeline that another one uses are known before any step has run"
                hint = "declare the table, and the steps that range over it, in the pipeline that is run"
                self._report.add(table_faults.BAD_SOURCE.at(self._doc.tables[name].name.span, message, help=hint))
            return
        shared = self._shared
        late = LateTables(self._doc, self._as_source, shared.known, shared.stand_ins, self._report)
        found = late.load()
        self._tables |= found
        shared.tables |= found
        for name in found:
            del self._lost[name]

    def _as_source(self, name: str) -> Source | None:
        step = self._doc.steps[name]
        module = self._module_of(step)
        keys = self._keys_of(step)
        if keys is None or step.broken or not isinstance(module, ModuleDoc):
            if isinstance(module, PipelineDoc):
                message = f"`{name}` is a pipeline, and rows come from an output of a single step"
                hint = "declare the table where the step that writes it is"
                self._report.add(table_faults.BAD_SOURCE.at(step.name.span, message, help=hint))
            return None
        return Source(name, keys, module, self._is_gone(step))

    def _is_gone(self, step: StepDoc) -> bool:
        return step.when is not None and not is_wanted(step.when, self._scope(UNIT), self._report)

    def _keys_of(self, step: StepDoc) -> KeySet | None:
        name = step.name.name
        if name not in self._known_keys:
            self._known_keys[name] = self._keys.link(step, gone=self._is_gone(step))
        return self._known_keys[name]

    def _all_maps(
        self, given: Mapping[str, MapRows], known: Mapping[str, Mapping[str, Value]]
    ) -> Mapping[str, MapRows]:
        """The maps that are given, and the defaults of others; what has none was told of, or holds nothing."""
        if not self._doc.maps:
            return {}
        titles = {"data": "the data roots", "params": "the parameters", "inputs": "the inputs"}
        scope = Scope({name: Members(titles[name], values, set()) for name, values in known.items()})
        found = dict(given)
        for name, map_ in self._doc.maps.items():
            if name not in found:
                default = map_.default
                found[name] = MapRows(()) if default is None else map_rows(default, map_, scope, self._report)
        return found

    # --- Steps -------------------------------------------------------------------------------------------------

    def link(self) -> dict[str, Value]:
        """Link every step, and give the pipeline's outputs as seen from the calling step's instances."""
        if self._doc.checks:
            self._check()
        self._declare_pipelines()
        for name in self._doc.steps:
            self.space(name)
        for name, step in self._doc.steps.items():
            waiting = self._waiting.get(name)
            if waiting is not None:
                scope = self._step_scope(waiting.keys)
                step = overridden(step, self._prefix + name, self._overrides)
                step = step._replace(tags=tuple(dict.fromkeys((*self._tags, *step.tags))))
                linker = StepLinker(step, *waiting, scope, self._report, self._prefix, self._data, self._shared.folder)
                linked = linker.link()
                self._inner[name] = [linked.name]
                self._shared.steps[linked.name] = linked
                self._shared.by_default[linked.name] = linker.by_default
        for step, module, keys in self._unlinked:
            type_names(step, module, self._step_scope(keys, step), self._report)
            if isinstance(module, ModuleDoc) and not step.broken:
                self._shared.look_at(module)
        self._note_order()
        self._note_moves()
        outputs = self._outputs()
        used = Used(self._modules_used, self.param_members.used, {*self.tables_used, *self._lost})
        warn_of_crossed(self._doc, self._report)
        warn_of_pipeline(self._doc, used, self._shared.library, self._report)
        return outputs

    def _check(self) -> None:
        """Tell of checks that do not hold, for an instance that uses the pipeline or for a row of a table."""
        spaces = {"params": self.param_members, "infer": self._spaces.get("infer")}
        named = {f"{n}.{m}": v for n, s in spaces.items() if isinstance(s, Members) for m, v in s.values.items()}
        for doc in self._doc.checks:
            keys = self._outer if doc.over is None else self._keys.rows_of(doc.over)
            if doc.over is not None:
                self.tables_used.add(doc.over.name)
            if keys is not None:
                typed = type_checks((doc,), Typer(self._scope(keys), self._report))
                check_pipeline(typed, doc, named, keys, self._report)

    @property
    def linked(self) -> list[str]:
        """The names of the linked steps, in the document's order."""
        return [inner for name in self._doc.steps for inner in self._inner.get(name, ())]

    def space(self, name: str) -> StepSpace:
        """A step as others see it, declared now if it is not yet."""
        found = self._declared.get(name)
        if found is None:
            if name in self._declaring:
                return StepSpace(name, None, {}, False, True)  # It asks for its own names.
            self._declaring.add(name)
            found = self._declared[name] = self._declare(self._doc.steps[name])
            if isinstance(self._spaces.get(name), LazyStep):
                self._spaces[name] = found
        return found

    def _declare_pipelines(self) -> None:
        """Link the steps that are pipelines, each after those that it takes values from."""
        nested = {}
        for name, step in self._doc.steps.items():
            if isinstance(step.module, Named) and isinstance(self._module_of(step), PipelineDoc):
                nested[name] = step
        order = order_by_names(nested)
        for ring in order.rings:
            self._tell_ring(ring)
            self._declared |= {name: StepSpace(name, None, {}, False, True) for name in ring}
        for name in order.steps:
            self.space(name)

    def _tell_ring(self, ring: list[str]) -> None:
        places = [self._doc.steps[name].name.span for name in ring]
        shown = " → ".join(f"`{name}`" for name in ring)
        related = tuple(Place(f"`{n}` is here", s) for n, s in zip(ring[1:-1], places[1:-1], strict=True))
        self._report.add(
            graph_faults.CYCLE.at(
                places[0], f"steps need each other: {shown}", help="take out one of the references", related=related
            )
        )

    def _declare(self, step: StepDoc) -> StepSpace:
        name = step.name.name
        self.names.append(self._prefix + name)
        broken = StepSpace(name, None, {}, False, True)
        gone = self._is_gone(step)
        module = self._module_of(step)
        keys = self._keys_of(step)
        if keys is not None:
            self.tables_used.update([table.name for table in keys.rows.tables])
        if module is None or keys is None or step.broken:
            self._unlinked.append((step, module, keys))
            return broken
        if gone:
            self._unlinked.append((step, module, keys))
            given: Iterable[str] = module.outputs or ()
            return StepSpace(name, keys, {port: Const(None, NULL, step.name.span) for port in given}, True, False)
        if isinstance(module, PipelineDoc):
            return self._link_nested(step, module, keys) or broken
        for override in step.override:
            message = f"`{name}` is no pipeline, and has no steps whose settings could be others"
            hint = "set it on the step itself"
            self._report.add(faults.UNMATCHED_OVERRIDE.at(override.pattern.span, message, help=hint))
        typed = self._shared.module(module)
        self._waiting[name] = _Waiting(typed, keys)
        linked = self._prefix + name
        outputs: dict[str, Value] = {
            port: Output(linked, port, made.type, made.span)
            if made.type.of_files
            else Content(Output(linked, port, made.of_file, made.span), made.type, made.span)
            for port, made in typed.outputs.items()
        }
        return StepSpace(name, keys, outputs, False, False)

    def _scope(self, keys: KeySet, *, before_steps: bool = True, lost: Iterable[str] = ()) -> Scope:
        elsewhere = {key: t.name for t in self._tables.values() for key in t.key}
        return Scope(
            self._before_steps if before_steps else self._spaces,
            keys=keys,
            elsewhere={} if before_steps else elsewhere,
            hidden=self._doc.steps if before_steps else (),
            # Who has a reserved name is told of it once, where the name is given.
            lost={*self._lost, *lost, *RESERVED.intersection((*self._doc.steps, *self._doc.tables))},
            late=self._late if before_steps else (),
            lets=self._doc.let,
        )

    def _step_scope(self, keys: KeySet | None, step: StepDoc | None = None) -> Scope:
        """What a step's expressions see; where its instances are not known, nothing is said of its keys."""
        if keys is None:
            by = [name.name for name in step.by] if step is not None else ()
            return self._scope(self._outer, before_steps=False, lost=by)
        # Steps with the same instances see the same names.
        found = self._scopes.get(keys)
        if found is None:
            found = self._scopes[keys] = self._scope(keys, before_steps=False)
        return found

    def _module_of(self, step: StepDoc) -> Document | None:
        if not isinstance(step.module, Named):
            return step.module
        known = self._modules.get(step.module.name)
        if known is not None:
            return known  # What leads nowhere is told at every place.
        self._modules_used.add(step.module.name.partition("/")[0])
        document = self._shared.library.resolve(step.module, self._doc.source, self._doc.modules)
        place = next((i for i, outer in enumerate(self._inside) if outer is document), None)
        if document is not None and place is None:
            self._modules[step.module.name] = document
        if document is None or place is None:
            return document
        ring = " → ".join(f"`{d.name.name}`" for d in (*self._inside[place:], document))
        self._report.add(
            faults.MODULE_RECURSION.at(
                step.module.span,
                f"the pipeline uses itself: {ring}",
                help="take the step out, or use another module",
            )
        )
        return None

    def _link_nested(self, step: StepDoc, module: PipelineDoc, keys: KeySet) -> StepSpace | None:
        if not self._shared.may_enter(len(self._inside), step.name.span):
            return None
        # Data of a pipeline that comes from elsewhere is beside the spec, and never where the library is installed.
        own = self._shared.library.owns(module.source)
        start = self._shared.origin if own else module.source.folder
        roots = ((name, root.value) for name, root in self._data.items() if isinstance(root, Const))
        outer = {name: text for name, text in roots if isinstance(text, str)}
        data = {**root_values(module, outer, start, self._shared.folder, self._report), **self._data}
        known: dict[str, Space] = {"data": Members("the data roots", data, set())}
        used: set[str] = set()
        defaults = link_defaults(module, known, used, self._report)
        bound = bind_ports_and_params(
            step, module, defaults, data, self._shared.folder, self._step_scope(keys), self._report
        )
        self._shared.handed += [Handed(module.inputs[n], v, keys) for n, v in bound.inputs.items()]
        named = {name: value for name, value in bound.params.items() if name in bound.given}
        check_given(step, module, named, keys, self._report)
        prefix = f"{self._prefix}{step.name.name}."
        set_here = [Override(prefix, doc, False) for doc in step.override]
        linker = PipelineLinker(
            module,
            self._shared,
            prefix=prefix,
            data=data,
            inputs=bound.inputs,
            params=bound.params,
            maps=bound.maps,
            outer=keys,
            outer_tables=self._tables,
            inside=self._inside,
            overrides=(*set_here, *self._overrides),
            tags=(*self._tags, *step.tags),
        )
        linker.param_members.used.update(used)
        outputs = linker.link()
        self.names += linker.names
        self._report.extend(unmet(set_here, linker.names))
        self.tables_used |= linker.tables_used - set(module.tables)
        refuse_settings(step, self._report)
        self._inner[step.name.name] = linker.linked
        if not self._prefix:
            self._shared.named += [NamedOutput(step.name.name, n, v, keys) for n, v in outputs.items()]
        # What it was handed is its caller's, and stays what it is to the whole pipeline.
        given = {id(value) for value in (*bound.inputs.values(), *bound.params.values())}
        inner = frozenset(name for name, value in outputs.items() if id(value) not in given)
        return StepSpace(step.name.name, keys, outputs, False, False, inner)

    # --- Outputs and order --------------------------------------------------------------------------------------

    def _outputs(self) -> dict[str, Value]:
        if self._doc.outputs is None:
            return {}
        typer = Typer(self._step_scope(self._outer), self._report)
        return {name: as_text(typer.template(template)) for name, (_, template) in self._doc.outputs.items()}

    def _note_moves(self) -> None:
        """Write down what steps were called before."""
        if not self._doc.moved:
            return
        inner = [name.removeprefix(self._prefix) for name in self.linked]
        self._report.extend(wrong_moves(self._doc.moved, {*self._doc.steps, *inner}))
        self._shared.moves.append(Moves(self._prefix, tuple([(m.old.name, m.new.name) for m in self._doc.moved])))

    def _note_order(self) -> None:
        """Write down which linked steps must be done before which, by `after` and `flow`."""
        if self._doc.flow is None and not any(step.after for step in self._doc.steps.values()):
            return
        gone = {name for name, space in self._declared.items() if space.gone}
        for name, before in through_gone(order_of(self._doc, self._report), gone).items():
            keys = self._declared[name].keys if before else None
            if keys is None:
                continue
            earlier = [
                Waits(inner, source, keys)
                for other in before
                if (source := self._declared[other].keys) is not None
                for inner in self._inner.get(other, ())
            ]
            for inner in self._inner.get(name, ()):
                self._shared.order.setdefault(inner, []).extend(earlier)
