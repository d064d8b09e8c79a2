"""What looks like a reference and is none: the spellings of other languages, and of specs without their `${…}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from sncompile.lazy_regex import regex

_WHOLE = regex(r"\$?[({]{0,2} *([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))? *[)}]{0,2}")
_INSIDE = regex(r"(?<!\$)\{(inputs?|outputs?|params)(?:\.(\w+))?\}|\$(inputs|outputs|params)\.(\w+)")
_WILDCARD = regex(r"(?<![${])\{(?:wildcards\.)?([A-Za-z_]\w*)\}(?!\})")
_BASH = regex(r"[#!]?[A-Za-z_]\w*(?:\[[^\]]*\])?(?:[:#%/^,@+?=-].*)?|[#?*@!$-]|\d+", re.DOTALL)
_ASSIGNED = r"(?:^|[\s;(&|]){0}=|\b(?:for|read|local|declare|export)\b[^;\n]*\b{0}\b"


def reference_meant(text: str, members: Callable[[str], Collection[str]], keys: Collection[str] = ()) -> str | None:
    """The reference that a whole text was meant to be: `$t.file`, `$(t.file)`, `{t.file}` and `t.file` for `${t.file}`.

    `members` gives the names inside of a name, none where it has none; `keys` are the names that stand alone, which a
    sign has to mark: `{well}`.

    >>> members = lambda name: ["path"] if name == "fields" else []
    >>> reference_meant("$fields.path", members), reference_meant("fields.txt", members)
    ('${fields.path}', None)
    """
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    head, member = found[1], found[2]
    if member is not None:
        return f"${{{head}.{member}}}" if member in members(head) else None
    return f"${{{head}}}" if head in keys and text[0] in "${" else None


def keys_meant(text: str, keys: Collection[str]) -> list[tuple[str, str]]:
    """The texts inside of one that are Snakemake's wildcards, where the job has such a key; with what was meant.

    >>> keys_meant("{sample}_{wildcards.rep}_{n}", ["sample", "rep"])
    [('{sample}', '${sample}'), ('{wildcards.rep}', '${rep}')]
    """
    found = dict.fromkeys((match[0], match[1]) for match in _WILDCARD.finditer(text) if match[1] in keys)
    return [(old, f"${{{key}}}") for old, key in found]


def references_meant(text: str, members: Mapping[str, Collection[str]]) -> list[tuple[str, str]]:
    """The texts inside of a command that were meant as references to ports and parameters, with what was meant.

    >>> references_meant("cp {input.a} {output} $params.b", {"inputs": ["a"], "outputs": ["o"], "params": ["b"]})
    [('{input.a}', '${inputs.a}'), ('{output}', '${outputs.o}'), ('$params.b', '${params.b}')]
    """
    found = []
    for match in _INSIDE.finditer(text):
        space = match[1] or match[3]
        space = space if space.endswith("s") else f"{space}s"
        name = match[2] or match[4]
        known = list(members.get(space, ()))
        if name is None and len(known) == 1 and match[1] != "params":
            name = known[0]
        if name in known:
            found.append((match[0], f"${{{space}.{name}}}"))
    return found


def is_of_bash(expression: str, script: str) -> bool:
    """Whether what stands in `${…}` of a script is bash's own: `HOME`, `x:-y`, `#a[@]`, a name that is set there."""
    if _BASH.fullmatch(expression) is None:
        return False
    if not expression.isidentifier():
        return "." not in re.split(r"[:#%/^,@+?=\[-]", expression.lstrip("#!"))[0]
    if expression.isupper():
        return True
    return re.search(_ASSIGNED.format(re.escape(expression)), script, re.MULTILINE) is not None
