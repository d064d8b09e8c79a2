"""A rule of the emitted file as Snakemake has it: which files it writes, and what stands in it for a job."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from sncompile.ir.language.encoding import repeats
from sncompile.targets.snakemake.patterns import pattern_regex
from sncompile.targets.snakemake.reading_back.engine_values import AtRunTime, Code, Flagged, filled
from sncompile.targets.snakemake.reading_back.reading import ReadRule


class EngineRule:
    """A rule of the file, as it is for a job."""

    def __init__(self, rule: ReadRule, constraints: Mapping[str, str], code: Code) -> None:
        self._rule, self._code = rule, code
        own = {name: code.value(node) for name, node in rule.directive("wildcard_constraints").named.items()}
        everything = {**constraints, **own}
        arguments = rule.directive("output")
        self._outputs = {name: code.value(node) for name, node in arguments.named.items()}
        self._outputs |= {str(n): code.value(node) for n, node in enumerate(arguments.plain)}
        patterns = [str(p) for value in self._outputs.values() for p in listed(value)]
        self._patterns = [_Pattern(p, everything) for p in patterns]

    def starts(self) -> list[str]:
        """What stands before the first wildcard of each pattern; all of it where there is none."""
        return [pattern.start for pattern in self._patterns]

    def writes(self, path: str) -> bool:
        """Whether the rule is one that Snakemake would try for a file."""
        return any(pattern.wildcards(path) is not None for pattern in self._patterns)

    def wildcards(self, writes: Sequence[str]) -> dict[str, str] | None:
        """The wildcards of the job that writes just these files, in this order; None where the rule has no such job."""
        if len(writes) != len(self._patterns) or not writes:
            return None
        wildcards = self._patterns[0].wildcards(writes[0])
        if wildcards is None:
            return None
        try:
            same = [filled(pattern.text, wildcards) for pattern in self._patterns] == list(writes)
        except KeyError:
            return None
        return None if not same or any(map(repeats, wildcards.values())) else wildcards

    def outputs(self, wildcards: Mapping[str, str]) -> dict[str, Any]:
        """The files of a job by their names, with what is said of them."""
        return {name: _filled(value, wildcards) for name, value in self._outputs.items()}

    def named(self, directive: str, **local: Any) -> dict[str, Any]:
        """The entries of a directive; those known at run time only are `AtRunTime`."""
        found = {}
        for name, node in self._rule.directive(directive).named.items():
            found[name] = self._value(node, local)
        return found

    def one(self, directive: str, **local: Any) -> Any:
        """The one value of a directive; None where it is not there."""
        nodes = self._rule.directive(directive).plain
        return self._value(nodes[0], local) if nodes else None

    def shell(self) -> str:
        """The text under `shell:`."""
        return str(self.one("shell"))

    def _value(self, node: ast.expr, local: Mapping[str, Any]) -> Any:
        try:
            found = self._code.value(node, **local)
        except AtRunTime:
            return AtRunTime
        # What a function gives is taken as it is; any other text is a pattern.
        return found if isinstance(node, ast.Lambda) else _filled(found, local.get("wildcards") or {})


class _Pattern:
    """An output of a rule: a path, perhaps with wildcards in it; `start` is what stands before the first of them."""

    def __init__(self, text: str, constraints: Mapping[str, str]) -> None:
        self.text, self.start = text, text.partition("{")[0]
        # Of a large workflow nearly all are paths, and to compile a regular expression takes its time.
        self._regex = pattern_regex(text, constraints) if self.start != text else None

    def wildcards(self, path: str) -> dict[str, str] | None:
        """The wildcards by which the rule writes a file; None where it does not."""
        if self._regex is None:
            return {} if path == self.text else None
        found = self._regex.fullmatch(path) if path.startswith(self.start) else None
        return None if found is None else found.groupdict()


def listed(value: Any) -> list[Any]:
    """The values that a name stands for: several, one or none."""
    if isinstance(value, (list, tuple)):
        return list(value)
    return [] if value is None else [value]


def _filled(value: Any, wildcards: Mapping[str, str]) -> Any:
    if not wildcards:
        return value
    if isinstance(value, list):
        return [_filled(item, wildcards) for item in value]
    if isinstance(value, Flagged):
        found = Flagged(filled(value, wildcards))
        found.flags = value.flags
        return found
    return filled(value, wildcards) if isinstance(value, str) else value
