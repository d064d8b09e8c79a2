"""Gives every expression a type and resolves every name in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sncompile.diagnostics import Report, Span, did_you_mean, meaning
from sncompile.faults import documents as document_faults
from sncompile.faults import names as name_faults
from sncompile.faults import tables as table_faults
from sncompile.faults import values as value_faults
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import MAX_ITEMS, TypeFault, ValueFault, Wants
from sncompile.ir.language.operators import OPERATORS, truth_type
from sncompile.ir.language.types import INTEGER, NULL, NUMBER, STRING, UNKNOWN, Type, type_of_constant, unify
from sncompile.ir.values.evaluate import Evaluator
from sncompile.ir.values.model import (
    Apply,
    Attempt,
    Choice,
    Const,
    Items,
    Local,
    Plain,
    Related,
    Size,
    Text,
    Value,
    is_constant,
    lenient,
    presence,
)
from sncompile.ir.values.written import as_read, as_text, fitted
from sncompile.semantics.calls import type_call
from sncompile.semantics.list_files import ListFiles, is_late
from sncompile.semantics.scope import Keyed, MapRows, Scope, Space, TableSpace, group_in, map_in
from sncompile.syntax.document import Binding, Constant, ListValue, MapValue
from sncompile.syntax.document import Value as DocValue
from sncompile.syntax.expressions import (
    Attribute,
    Call,
    Conditional,
    Expr,
    Given,
    Index,
    ListOf,
    Literal,
    Name,
    Operation,
    Template,
)

_NO_MEMBERS = "members are columns of tables, outputs of steps, and `inputs.X.size` in `resources`"


class Typer:
    """Types the values of one scope. Faults go to `report`; what is at fault gets the unknown type.

    `claim_file` takes a module's file name with its place and gives where it will be emitted, or None after telling why
    not. `lists` takes in the list files that are named.
    """

    def __init__(
        self,
        scope: Scope,
        report: Report,
        claim_file: Callable[[str, Span], str | None] | None = None,
        lists: ListFiles | None = None,
    ) -> None:
        self.scope = scope
        self.report = report
        self.claim_file = claim_file
        self._lists = lists

    def value(self, value: Binding) -> Value:
        """A document's value; a plain scalar is as it was written, and its type says what it reads as."""
        if isinstance(value, Constant):
            kind = type_of_constant(value.value)
            if kind == NULL:
                return Const(None, NULL, value.span)
            return Const(value.text, kind._replace(written=True), value.span)
        if isinstance(value, ListValue):
            return self._list([self.value(item) for item in value.items], value.span)
        if isinstance(value, MapValue):
            message, hint = "a mapping is not a value", "give a text, a number or a list"
            self.report.add(document_faults.WRONG_TYPE.at(value.span, message, help=hint))
            return self.unknown(value.span)
        return self.template(value)

    def text(self, value: DocValue) -> Value:
        """A document's value where text is wanted: as it was written."""
        return as_text(self.value(value))

    def read(self, value: DocValue) -> Value:
        """A document's value where a number or a boolean is wanted."""
        return as_read(self.value(value))

    def template(self, template: Template) -> Value:
        """A scalar: one expression keeps its type, anything else is text."""
        if template.broken:
            for expr in template.expressions:
                self.expr(expr)
            return self.unknown(template.span)
        whole = template.whole
        if whole is not None:
            return self.expr(whole)
        if not template.parts:
            return Const("", STRING, template.span)
        parts = [self.part(part, span) for part, span in zip(template.parts, template.spans, strict=True)]
        if len(parts) == 1:
            return parts[0]
        lists = [part for part in parts if part.type.many]
        for part in lists:
            hint = "join it (`join(list, ',')`), or give it an argument of its own"
            self.wrong(part.span, "a list inside text", hint)
        if lists or any(part.type.base == "unknown" for part in parts):
            return self.unknown(template.span)
        return Text(tuple(parts), STRING, template.span)

    def part(self, part: str | Expr, span: Span) -> Value:
        """A part of a template."""
        return Const(part, STRING, span) if isinstance(part, str) else self.expr(part)

    def _list(self, items: list[Value], span: Span) -> Value:
        kind: Type | None = None
        for item in items:
            one = item.type.one
            joined = one if kind is None else unify(kind, one)
            if joined is None:
                self.wrong(item.span, f"a list of {kind} cannot hold {one}", "quote numbers in a list of texts")
                joined = UNKNOWN
            kind = joined
        gaps = any(item.type.many and item.type.gaps for item in items)
        items = [fitted(item, kind or UNKNOWN) for item in items]
        kind = (kind or UNKNOWN)._replace(many=True, optional=False, gaps=gaps)
        if any(isinstance(item, Const) and item.value is None and item.type == UNKNOWN for item in items):
            # Of what is at fault nothing more is said; without its items the list may be an empty one.
            return Const(None, kind._replace(base="unknown"), span)
        absent = [item for item in items if isinstance(item, Const) and item.value is None]
        if not all(isinstance(item, Const) for item in items) or 0 < len(absent) < len(items):
            # Who takes the list says what becomes of absent items.
            return Items(tuple(items), kind, span)
        flat: list[Plain] = []
        for item in items:
            held = item.value if isinstance(item, Const) else None
            # A list in a list gives its items, and what is absent gives none, as for lists that are computed.
            flat += held if isinstance(held, tuple) else [held] if held is not None else []
            if len(flat) > MAX_ITEMS:
                self.wrong(span, f"a list of more than {MAX_ITEMS:,} items", "use a column of a table")
                return self.unknown(span)
        return Const(tuple(flat), kind, span)

    def expr(self, node: Expr) -> Value:
        """An expression."""
        match node:
            case Literal():
                return Const(node.value, type_of_constant(node.value), node.span)
            case Name():
                return self._name(node)
            case Attribute():
                return self._attribute(node)
            case Index():
                return self._index(node)
            case Call():
                return type_call(node, self)
            case Operation():
                return self._operation(node)
            case Conditional():
                return self._conditional(node)
            case ListOf():
                return self._list([self.expr(item) for item in node.items], node.span)
            case Given():
                # What is wrong inside is told where it is written; what it is taken for, here.
                return (
                    self.unknown(node.span) if node.value is None else self.value(node.value)._replace(span=node.span)
                )

    def unknown(self, span: Span) -> Value:
        """What is said of an expression that is at fault: nothing more."""
        return Const(None, UNKNOWN, span)

    def _name(self, node: Name) -> Value:
        key = self.scope.key(node.id, node.span)
        if key is not None:
            return key
        if node.id == "attempt":
            return self._attempt(node.span)
        space = self.scope.spaces.get(node.id)
        if space is not None:
            first = next(iter(space.names()), "…")
            self.report.add(
                name_faults.NOT_A_VALUE.at(
                    node.span,
                    f"{space.title} is no value by itself",
                    help=did_you_mean("", [f"{node.id}.{n}" for n in space.names()], what="name one of")
                    or f"write `{node.id}.{first}`",
                )
            )
        else:
            self._unknown_name(node)
        return self.unknown(node.span)

    def _attempt(self, span: Span) -> Value:
        if not self.scope.run_time:
            self.report.add(
                value_faults.RUN_TIME_ONLY.at(
                    span, "`attempt` is known only when a job runs", help="use it in `resources`"
                )
            )
        return Attempt(INTEGER, span)

    def _unknown_name(self, node: Name, member: str = "") -> None:
        """Tell of a name that stands for nothing here; `member` is what is taken of it."""
        table = self.scope.elsewhere.get(node.id)
        if table is not None:
            self.report.add(
                table_faults.KEY_NOT_HERE.at(
                    node.span,
                    f"`{node.id}` is a key of `{table}`, but there is no single one here",
                    help=f"add `{node.id}` to the step's `by`, or write `{table}.{node.id}` for the list",
                )
            )
            return
        if node.id in self.scope.late:
            message = (
                f"the rows of `{node.id}` are known once a step has run, and here it is decided which jobs there are"
            )
            self.report.add(
                table_faults.NOT_YET_KNOWN.at(
                    node.span, message, help="use `data`, `params`, `inputs` and other tables"
                )
            )
            return
        if node.id in self.scope.hidden:
            self.report.add(
                name_faults.UNKNOWN_NAME.at(
                    node.span,
                    f"`{node.id}` is a step, and no step's output is known here",
                    help="use `data`, `params`, `inputs` and tables",
                )
            )
            return
        owners = [f"{title}.{node.id}" for title, space in self.scope.spaces.items() if node.id in space.names()]
        if member in self.scope.spaces and node.id in ("steps", "tables", "step", "table", "jobs", "needs"):
            hint: str | None = f"steps and tables stand by their own names: `${{{member}.…}}`"
        elif node.id in self.scope.lets:
            hint = meaning(node.id, f"let.{node.id}", safe=True)
        elif owners:
            hint = meaning(node.id, owners[0], safe=len(owners) == 1)
        else:
            hint = did_you_mean(node.id, self.scope.names(), what="names here")
        self.report.add(name_faults.UNKNOWN_NAME.at(node.span, f"unknown name `{node.id}`", help=hint))

    def space_of(self, node: Expr) -> Space | None:
        """The space that a name stands for, where it does; a group of parameters is one inside of another."""
        if isinstance(node, Given):
            inner = node.value.whole if isinstance(node.value, Template) else None
            return self.space_of(inner) if inner is not None else None
        if isinstance(node, (Attribute, Index)):
            named = self._member_named(node)
            return group_in(*named) if named is not None else None
        if not isinstance(node, Name) or node.id in self.scope.keys.by or node.id in self.scope.lost:
            return None
        return self.scope.spaces.get(node.id)

    def map_of(self, node: Expr | None) -> MapRows | None:
        """The map that an expression names, where it does."""
        if isinstance(node, Given):
            return self.map_of(node.value.whole if isinstance(node.value, Template) else None)
        named = self._member_named(node) if isinstance(node, (Attribute, Index)) else None
        return map_in(*named) if named is not None else None

    def _member_named(self, node: Attribute | Index) -> tuple[Space, str] | None:
        """The space and the name of what may be a member: `params.ref`, `params['ref']`."""
        name = node.name if isinstance(node, Attribute) else node.item.value if isinstance(node.item, Literal) else None
        space = self.space_of(node.target) if isinstance(name, str) else None
        return (space, name) if space is not None and isinstance(name, str) else None

    def _attribute(self, node: Attribute) -> Value:
        if isinstance(node.target, Call) and node.target.name == "keys":
            return self._key_of(node, node.target)
        space = self.space_of(node.target)
        if space is None:
            if isinstance(node.target, Name) and self.scope.key(node.target.id, node.span) is None:
                self._unknown_name(node.target, node.name)
                return self.unknown(node.span)
            return self._member_of_value(node)
        return self.member(space, node.name, node.span, node.name_span)

    def _key_of(self, node: Attribute, call: Call) -> Value:
        """`keys(step).key`: the keys of those instances of a step that feed the one here."""
        named = call.arguments[0] if len(call.arguments) == 1 and not call.keywords else None
        space = self.space_of(named) if named is not None else None
        if not isinstance(space, Keyed):
            if not (isinstance(named, Name) and named.id in self.scope.lost):
                self.wrong(call.span, "`keys` takes a step", "write `keys(STEP).KEY`")
            return self.unknown(node.span)
        value = space.key(node.name, self.scope.keys, node.span)
        if value is None:
            message = f"{space.title} has no key `{node.name}`"
            hint = did_you_mean(node.name, space.key_names(), what="its keys") or "it has none"
            self.report.add(name_faults.UNKNOWN_MEMBER.at(node.name_span, message, help=hint))
            return self.unknown(node.span)
        return value

    def member(self, space: Space, name: str, span: Span, name_span: Span) -> Value:
        """A member of a space; one that is not there is told of."""
        value = space.get(name, self.scope.keys, span)
        if value is not None:
            return value
        if map_in(space, name) is not None:
            mend = "a table takes it (`params: …`), or a map of another pipeline; write `TABLE.COLUMN`"
            self.report.add(name_faults.NOT_A_VALUE.at(name_span, f"the map `{name}` is no value", help=mend))
            return self.unknown(span)
        group = group_in(space, name)
        if group is not None:
            hint = did_you_mean("", group.names(), what="name one of its parameters")
            self.report.add(name_faults.NOT_A_VALUE.at(name_span, f"{group.title} is no value by itself", help=hint))
            return self.unknown(span)
        what = "column" if isinstance(space, TableSpace) else "member"
        hint = did_you_mean(name, space.names(), what="there are") or "there is none"
        if name in ("outputs", "output", "out") and isinstance(space, Keyed) and space.names():
            hint = f"an output stands right behind the step: {', '.join(f'`.{each}`' for each in space.names())}"
        self.report.add(
            name_faults.UNKNOWN_MEMBER.at(
                name_span,
                f"no {what} `{name}` in {space.title}",
                help=hint,
            )
        )
        return self.unknown(span)

    def _member_of_value(self, node: Attribute) -> Value:
        target = self.expr(node.target)
        if node.name == "size" and isinstance(target, Local) and target.space == "inputs":
            if not self.scope.run_time:
                self.report.add(
                    value_faults.RUN_TIME_ONLY.at(
                        node.span, "a file's size is known only when a job runs", help="use it in `resources`"
                    )
                )
            return Size(target.name, NUMBER, node.span)
        if target.type.base != "unknown":
            self.report.add(
                name_faults.UNKNOWN_MEMBER.at(
                    node.name_span, f"a value of type {target.type} has no member `{node.name}`", help=_NO_MEMBERS
                )
            )
        return self.unknown(node.span)

    def _index(self, node: Index) -> Value:
        space = self.space_of(node.target)
        if space is not None and isinstance(node.item, Literal) and isinstance(node.item.value, str):
            return self.member(space, node.item.value, node.span, node.item.span)
        target, index = self.expr(node.target), as_read(self.expr(node.item))
        if "unknown" in (target.type.base, index.type.base):
            return self.unknown(node.span)
        if not target.type.many or index.type.base != "integer":
            message = f"`[…]` takes the item at a whole number from a list; this is {target.type} at {index.type}"
            self.wrong(node.span, message, "such as `files[0]`; the last item is `files[-1]`")
            return self.unknown(node.span)
        return Apply("[]", (target, index), target.type.one, node.span)

    def list_file(self, items: Value, separator: str, span: Span) -> Value:
        """The path of a file that holds the items of a list."""
        if items.type.base == "unknown":
            return self.unknown(span)
        if self._lists is None:
            self.wrong(span, "`list_file` belongs into the `command` or `shell` of a module", "write it there")
        elif not items.type.many:
            self.wrong(items.span, f"`list_file` takes a list, not {items.type}", "give a single value as it is")
        elif is_late(items):
            hint = "hand what is known late over as an argument of its own"
            message = "a list file is written from what is known before the job runs"
            self.report.add(value_faults.RUN_TIME_ONLY.at(items.span, message, help=hint))
        else:
            return self._lists.add(items, separator, span)
        return self.unknown(span)

    def wrong(self, span: Span, message: str, help: str) -> None:
        """Tell that a value has the wrong type."""
        self.report.add(value_faults.WRONG_TYPE.at(span, message, help=help))

    def _gathered(self, operands: Sequence[Value]) -> str | None:
        """The mend where one value is wanted and several meet, as the step does not range over what they range over."""
        for operand in operands:
            if self.scope.hidden and operand.type.many and isinstance(operand, Related):
                # No step's keys are in scope.
                return "all rows are seen here: choose some with `where`, or look into the list (`… in …`, `len(…)`)"
            if operand.type.many and isinstance(operand, Related) and operand.gathers:
                extra = [f"`{name}`" for name in operand.source.by if name not in operand.target.by]
                if extra:
                    keys = " and ".join(extra)
                    return f"several meet here: add {keys} to the `by` of the step, or take one of the list (`…[0]`)"
        return None

    def applied(self, name: str, operands: list[Value], result: Callable[[list[Type]], Type], span: Span) -> Value:
        """A function or operator on operands, with the type that `result` gives it."""
        open_types = [o for o in operands if o.type.base == "unknown"]
        if any(isinstance(o, Const) for o in open_types):
            return self.unknown(span)
        taken, operands = wanted(name, operands)
        try:
            kind = result([o.type for o in operands])
        except TypeFault as fault:
            if open_types:
                return self.unknown(span)  # A column without a cell may be of any type.
            hint = self._gathered(operands) if name not in FUNCTIONS else None
            self.wrong(span, f"`{name}` {fault}", hint or fault.help or f"look at what `{name}` is given")
            return self.unknown(span)
        kind = kind if taken == name else kind._replace(written=True)
        return Apply(taken, tuple(operands), kind, span)

    def _operation(self, node: Operation) -> Value:
        operands = [self.expr(o) for o in node.operands]
        if node.operator in ("and", "or"):
            return self.applied(node.operator, operands, truth_type, node.span)
        if node.operator in ("==", "!=") and any(isinstance(n, Literal) and n.value is None for n in node.operands):
            # Who asks whether something is absent may find that there is nothing to take.
            operands = [presence(lenient(o)) for o in operands]
        return self.applied(node.operator, operands, OPERATORS[node.operator, len(operands)].result, node.span)

    def _conditional(self, node: Conditional) -> Value:
        test, then, other = as_read(self.expr(node.test)), self.expr(node.then), self.expr(node.other)
        try:
            truth_type([test.type])
        except TypeFault as fault:
            self.wrong(test.span, f"`if` {fault}", self._gathered([test]) or fault.help or "compare it")
        if test.type.base != "unknown" and is_constant(test):
            # A settled choice has the type of what was chosen: the other branch may be of a step that is gone.
            try:
                return then if Evaluator({}).constant(test) else other
            except ValueFault as fault:
                self.report.add(value_faults.BAD_VALUE.at(test.span, str(fault), help=fault.help))
        kind = unify(then.type, other.type)
        if kind is None:
            hint = self._gathered([then, other]) or "give both the same type"
            self.wrong(node.span, f"the choice is between {then.type} and {other.type}", hint)
            kind = UNKNOWN
        return Choice(test, fitted(then, kind), fitted(other, kind), kind, node.span)


def wanted(name: str, operands: list[Value]) -> tuple[str, list[Value]]:
    """The operands of a function or operator as it wants them, and what computes it where they stay as written."""
    if not any(o.type.written for o in operands):
        return name, operands
    function = OPERATORS.get((name, len(operands))) or FUNCTIONS.get(name)
    wants = function.wants if function is not None else Wants.NUMBER
    if wants is Wants.EITHER and all(o.type.written for o in operands):
        return f"@{name}", operands
    if wants is Wants.UNTOUCHED and all(o.type.written for o in operands):
        return name, operands
    beside_text = wants in (Wants.LIKE_OTHERS, Wants.UNTOUCHED) and any(
        o.type.textual and not o.type.written for o in operands
    )
    if wants is Wants.TEXT or beside_text:
        return name, [as_text(o) for o in operands]
    return name, [as_read(o) for o in operands]
