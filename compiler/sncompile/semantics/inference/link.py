"""`infer:` of a pipeline → values: read off the tables, or given by the user, and checked by what must hold.

Decision 0027.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sncompile.diagnostics import Related as Place
from sncompile.diagnostics import Report, Span
from sncompile.faults import tables as faults
from sncompile.faults import values as value_faults
from sncompile.ir.keys.table import Table
from sncompile.ir.language.functions import FUNCTIONS
from sncompile.ir.language.operands import ValueFault, to_text
from sncompile.ir.language.patterns import wrong_pattern
from sncompile.ir.language.types import NULL, UNKNOWN, Type
from sncompile.ir.values.model import Const, Plain, Value
from sncompile.semantics.inference.checks import check_count, check_rules, tell_disagreement, tell_nothing
from sncompile.semantics.inference.inferred import Found, Given, Inferred
from sncompile.semantics.inference.rules import Rules, read_rules
from sncompile.semantics.limits import check_value
from sncompile.semantics.linking.binding import parse_plain, parse_text
from sncompile.semantics.queries.tables import Asked, Queries
from sncompile.semantics.queries.text import SqlFault
from sncompile.semantics.scope import Members, Scope, Space
from sncompile.syntax.document import InferDoc, ParamDoc, PipelineDoc


class InferLinker:
    """Links the inferred values of one pipeline; `tables` are those that it sees."""

    def __init__(
        self,
        doc: PipelineDoc,
        queries: Queries | None,
        tables: Mapping[str, Table],
        given: Mapping[str, Given],
        report: Report,
    ) -> None:
        self._doc, self._queries, self._tables = doc, queries, tables
        self._given, self._report = given, report
        self.inferred: dict[str, Inferred] = {}

    def link(self, spaces: Mapping[str, Space]) -> Members:
        """The inferred values as expressions see them; those that are at fault are of the unknown type."""
        values: dict[str, Value] = {}
        members = Members("the inferred values", values, set())
        rules: dict[str, Rules] = {}
        for name, doc in self._doc.infer.items():
            read = None if doc.broken else read_rules(doc, self._report)
            inferred = self._value(doc, read) if read is not None else None
            if read is None or inferred is None:
                values[name] = Const(None, UNKNOWN, doc.name.span)
                continue
            self.inferred[name] = inferred
            if not inferred.settled:
                values[name] = Const(None, UNKNOWN, doc.name.span)
                continue
            rules[name] = read
            values[name] = Const(inferred.value, inferred.type, doc.name.span)
        scope = Scope({**spaces, "infer": members}, hidden=self._doc.steps)
        for name, read in rules.items():
            check_rules(self.inferred[name], read, scope, self._report)
        return members

    def _value(self, doc: InferDoc, rules: Rules) -> Inferred | None:
        wrong = wrong_pattern(doc.declared.pattern.name) if doc.declared.pattern is not None else None
        if wrong is not None and doc.declared.pattern is not None:
            message = f"the pattern of `{doc.name.name}` is not a regular expression: {wrong}"
            self._report.add(faults.BAD_RULE.at(doc.declared.pattern.span, message, help="mend it"))
            return None
        if doc.typed and not rules.single and not doc.declared.many:
            message = f"`{doc.name.name}` is a list by what must hold, and its type is `{doc.declared.base}`"
            hint = f"make it `{doc.declared.base}[]`, or ask for `one value`"
            self._report.add(faults.BAD_RULE.at(doc.name.span, message, help=hint))
            return None
        given = self._given.get(doc.name.name)
        if given is not None:
            return self._by_hand(doc, rules, given)
        asked = self._asked(doc)
        if asked is None or self._queries is None:
            return None
        try:
            found, kind = self._queries.find(asked, single=rules.single)
        except SqlFault as fault:
            self._report.add(asked.query.fault(fault))
            return None
        return self._from_query(doc, rules, found, kind)

    def _asked(self, doc: InferDoc) -> Asked | None:
        """The query of a value where it can be run."""
        asked = self._queries.inferred.get(doc.name.name) if self._queries is not None else None
        lost = self._queries.lost if self._queries is not None else ()
        there = asked is not None and all(name in self._tables and name not in lost for name in asked.names)
        return asked if there else None

    def _by_hand(self, doc: InferDoc, rules: Rules, given: Given) -> Inferred | None:
        name, span = doc.name.name, given.span or doc.name.span
        kind = self._type(doc, rules)
        if kind is None:
            return None
        param = doc.declared._replace(base=kind.base, many=kind.many, optional=rules.optional)
        what = f"`{given.option} {name}`"
        try:
            by_text = given.option == "--set"
            value = parse_text(param, str(given.value)) if by_text else parse_plain(param, given.value)
        except ValueFault as fault:
            hint = f"the inferred value is {kind}"
            self._report.add(value_faults.WRONG_TYPE.at(span, f"{what}: {fault}", help=hint))
            return None
        if not self._within_limits(doc, param, value, what, given.span):
            return None
        return self._checked(doc, rules, value, kind, given.option, None)

    def _type(self, doc: InferDoc, rules: Rules) -> Type | None:
        """The type of a value whose query is not run: as declared, or else as the query would give it."""
        if doc.typed:
            return Type(doc.declared.base, doc.declared.many)
        asked = self._asked(doc)
        if asked is None or self._queries is None:
            return None
        try:
            kind = self._queries.type_of(asked)
        except SqlFault as fault:
            self._report.add(asked.query.fault(fault))
            return None
        return kind if rules.single else kind._replace(many=True)

    def _from_query(self, doc: InferDoc, rules: Rules, found: Found, kind: Type) -> Inferred | None:
        name = doc.name.name
        unsettled = Inferred(name, None, UNKNOWN, "query", found, doc.declared.description, doc.name.span, False)
        if rules.single and found.distinct > 1:
            tell_disagreement(doc, found, self._report)
            return unsettled
        if rules.single and found.distinct == 0 and not rules.optional:
            tell_nothing(doc, found, self._report)
            return unsettled
        value: Plain
        if rules.single:
            value = found.evidence[0].value if found.evidence else None
        else:
            value, kind = tuple(evidence.value for evidence in found.evidence), kind._replace(many=True)
        if doc.typed:
            kind = Type(doc.declared.base, doc.declared.many)
            try:
                value = _converted(value, kind)
            except ValueFault as fault:
                message, hint = f"`{name}`: {fault}", f"its type is {kind}: change that, or the query"
                self._report.add(value_faults.WRONG_TYPE.at(doc.name.span, message, help=hint))
                return unsettled
        if not self._within_limits(doc, doc.declared, value, f"`{name}`"):
            return unsettled
        return self._checked(doc, rules, value, kind, "query", found)

    def _within_limits(self, doc: InferDoc, param: ParamDoc, value: Any, what: str, at: Span | None = None) -> bool:
        wrong = check_value(param, value, what, at or doc.name.span)
        if wrong is not None:
            related = () if doc.sql is None else (Place("it is read off here", doc.sql.span),)
            self._report.add(replace(wrong, related=related if not what.startswith("`--") else ()))
        return wrong is None

    def _checked(
        self, doc: InferDoc, rules: Rules, value: Plain, kind: Type, origin: str, found: Found | None
    ) -> Inferred | None:
        if not check_count(doc, rules, value, kind, self._report):
            return None
        kind = NULL if value is None else kind
        return Inferred(doc.name.name, value, kind, origin, found, doc.declared.description, doc.name.span)


def _converted(value: Plain, kind: Type) -> Plain:
    """A value as its declared type. Raises `ValueFault`."""
    if value is None:
        return None
    if isinstance(value, tuple) != kind.many:
        raise ValueFault("the query gives a list" if isinstance(value, tuple) else "the query gives one value")
    if kind.textual:
        return tuple(to_text(item) for item in value) if isinstance(value, tuple) else to_text(value)
    found: Plain = FUNCTIONS[f"@{kind.base}"].compute(value)
    return found
