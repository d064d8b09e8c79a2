"""Selectors: texts that name jobs of a pipeline.

    align               an output or a step of that name
    step:cp.*           the steps that a pattern fits (`*` within a part of a name, `**` across dots); the name of a
                        nested pipeline is that of all its steps
    tag:qc              the steps with a tag
    key:well=A01        the jobs with a key, which may be a pattern, too
    output:table        the jobs that write an output of the pipeline
    state:modified      the jobs that have to run; `state:new`: those of them that no run is known to have done

`+` before a term brings what its jobs need, `+` behind it what follows from them. A comma leaves the jobs that all
terms name. A value in double quotes stands for itself: no pattern, and commas and `+` may be in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sncompile.diagnostics import CompileError, did_you_mean
from sncompile.faults.runs import NO_SELECTOR
from sncompile.ir.language.name_patterns import name_pattern
from sncompile.lazy_regex import regex

METHODS = ("step", "tag", "key", "output", "state")
STATES = ("modified", "new")


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on jobs. `method` is one of `METHODS`, or empty for a name alone; `key` is set for keys only.

    `above` and `below`: whether what the jobs need, and what follows from them, is meant as well.
    """

    text: str
    method: str
    key: str
    value: str
    literal: bool
    above: bool
    below: bool

    def fits(self, text: str, *, parts: bool = False) -> bool:
        """Whether a text is the value, or one that its pattern fits; with `parts`, `*` stays between dots."""
        if self.literal:
            return text == self.value
        return name_pattern(self.value, parts=parts).match(text) is not None


@dataclass(frozen=True, slots=True)
class Selector:
    """Terms, which all have to hold."""

    text: str
    terms: tuple[Term, ...]


_TERM = regex(
    r"""\s*(?P<above>\+)?
        (?:(?P<method>[a-z]+):)?
        (?:(?P<key>[^=,"+]+)=)?
        (?:"(?P<literal>[^"]*)"|(?P<value>[^,"]*?))
        (?P<below>\+)?\s*(?:,|\Z)""",
    re.VERBOSE,
)


def parse_selector(text: str) -> Selector:
    """A selector from its text. Raises `CompileError` where that is none."""
    terms: list[Term] = []
    place = 0
    while place < len(text) or not terms:
        found = _TERM.match(text, place)
        if found is None or not (found["value"] or found["literal"]):
            raise _refused(text, "a selector is a name, or `METHOD:VALUE`", _HELP)
        terms.append(_term(found, text))
        place = found.end()
    if text.rstrip().endswith(","):
        raise _refused(text, "nothing stands behind the comma", _HELP)
    return Selector(text, tuple(terms))


_HELP = "such as `align`, `step:cp_*`, `tag:qc`, `key:well=A01`, `state:modified+`"


def _term(found: re.Match[str], text: str) -> Term:
    method, key = found["method"] or "", found["key"] or ""
    if method and method not in METHODS:
        raise _refused(text, f"no method `{method}`", did_you_mean(method, METHODS, what="methods"))
    if (method == "key") != bool(key):
        message = "a key is selected by its value" if method == "key" else "only a key has a value behind `=`"
        # `well=A01` is what somebody writes who does not know of methods.
        meant = f"key:{key.strip()}={found['value'] or found['literal']}" if not method else "key:well=A01"
        raise _refused(text, message, f"write `{meant}`")
    value = found["literal"] if found["literal"] is not None else found["value"]
    if method == "state" and value not in STATES:
        raise _refused(text, f"no state `{value}`", did_you_mean(value, STATES, what="states"))
    literal = found["literal"] is not None
    return Term(found[0].strip().rstrip(","), method, key, value, literal, bool(found["above"]), bool(found["below"]))


def _refused(text: str, message: str, help: str | None) -> CompileError:
    return CompileError([NO_SELECTOR.at(None, f"`{text}` selects nothing: {message}", help=help)])
