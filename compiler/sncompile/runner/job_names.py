"""From what the engine says of a job to the jobs of the spec: the one place where it is known how they correspond.

A rule of the engine stands for a step, or, where passes made one family of several steps, for some of them. One of its
jobs stands for an instance of one of these. Which, is told by the files that it writes.

Decision 0030.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from sncompile.diagnostics import Span
from sncompile.runner.record import RunFolder, read_object

ALL = "all"
"""The rule that only asks for the outputs and is no step."""


class JobName(NamedTuple):
    """A job as the spec knows it: its step, and its key by name."""

    step: str
    key: Mapping[str, str]
    jobs: int = 1
    """So many jobs the engine does as one, of which this is the first."""

    @property
    def told(self) -> str:
        """The key in words: `well=A01, site=1`; empty for the only job of a step without keys."""
        text = ", ".join(f"{name}={value}" for name, value in self.key.items())
        return f"{text} and {self.jobs - 1:,} more" if self.jobs > 1 else text


class JobNames:
    """The names of a run's jobs, by its source map and its record of jobs."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._map = read_object(folder.source_map)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What `facts.json` says."""
        return read_object(self._folder.facts)

    @cached_property
    def _rules(self) -> dict[str, dict[str, int]]:
        """Rule → the steps that its jobs belong to, each with how many jobs it has in all."""
        families = self.facts.get("families") or {}
        found = {}
        for rule, told in (self._map.get("rules") or {}).items():
            family = str(told["step"])
            found[str(rule)] = dict(families.get(family) or {family: 0})
        return found

    def steps(self, rule: str) -> Mapping[str, int]:
        """The steps that a rule's jobs belong to, each with how many jobs it has; empty for what is no step."""
        return {} if rule == ALL else self._rules.get(rule, {})

    def of(self, rule: str, outputs: Iterable[str], wildcards: Mapping[str, str]) -> list[JobName]:
        """The jobs of the spec that a job of the engine stands for: one, but where a pass put several together."""
        if rule == ALL:
            return []
        known = self._jobs
        found = {id(name): name for path in outputs for name in known.get(_tidy(path), ())}
        if found:
            return list(found.values())
        # Its record is gone, or the rule is none of ours.
        return [JobName(next(iter(self.steps(rule)), rule), dict(wildcards))]

    def first(self, rule: str, outputs: Iterable[str], wildcards: Mapping[str, str]) -> JobName:
        """The same as one name, that of the first, which says how many there are."""
        found = self.of(rule, outputs, wildcards) or [JobName(rule, wildcards)]
        return found[0]._replace(jobs=len(found))

    @cached_property
    def _jobs(self) -> dict[str, list[JobName]]:
        """The first file that a job writes, and its rule's mark → the job. Read when a single job is asked for."""
        found: dict[str, list[JobName]] = {}
        for name, *files in self.every():
            for path in filter(None, files):
                found.setdefault(_tidy(path), []).append(name)
        return found

    def every(self) -> Iterator[tuple[JobName, str | None, str | None]]:
        """The jobs of the graph, each with the first file that it writes and its rule's mark, where it has them."""
        try:
            with self._folder.jobs.open(encoding="utf-8", errors="surrogateescape") as lines:
                for line in lines:
                    step, key, path, mark = json.loads(line)
                    yield JobName(step, key), path, mark
        except (OSError, ValueError):
            return  # Cut short; what was read serves.

    @cached_property
    def spans(self) -> dict[str, Span]:
        """Step → where it stands in the spec."""
        steps = {str(s["name"]): _span(s) for s in self.facts.get("steps") or ()}
        return {name: span for name, span in steps.items() if span is not None}

    def place(self, rule: str) -> tuple[str, int, int] | None:
        """File, line and column of the spec that a rule comes from, as the source map has it."""
        told = (self._map.get("rules") or {}).get(rule) or {}
        try:
            return str(told["file"]), int(told["source_line"]), int(told["column"])
        except (KeyError, TypeError, ValueError):
            return None

    @property
    def span(self) -> Span | None:
        """Where the pipeline stands in the spec."""
        return _span(self.facts)

    def rule_at(self, line: int) -> str | None:
        """The rule that a line of the Snakefile belongs to."""
        for name, rule in (self._map.get("rules") or {}).items():
            first, last = rule["lines"]
            if first <= line <= last:
                return str(name)
        return None


def _span(told: Mapping[str, Any]) -> Span | None:
    try:
        return Span(**told["span"])
    except (KeyError, TypeError):
        return None


def _tidy(path: str) -> str:
    return posixpath.normpath(path)
