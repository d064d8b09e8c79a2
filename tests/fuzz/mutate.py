"""Makes new inputs of old ones: by bytes, by words, and by the tree of a document."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..attacks.corpus import texts

Json = Any

WORDS = (
    "sncompile: 1\n",
    "pipeline: ",
    "module: ",
    "steps:\n",
    "tables:\n",
    "with: ",
    "outputs: ",
    "inputs: ",
    "params: ",
    "${",
    "}",
    "$${",
    "by: [",
    "over: ",
    "where: ",
    "when: ",
    "glob: ",
    "sql: ",
    "infer: ",
    "holds: ",
    "flow: {seq: [",
    "after: ",
    "batch: 2",
    "temp: true",
    "&a ",
    "*a",
    "<<: ",
    "!!python ",
    "|\n",
    ">-\n",
    "'",
    '"',
    "\\x00",
    "{",
    "[",
    "]",
    ": ",
    "- ",
    "\t",
    "\n  ",
    "---\n",
    "...\n",
    "# ",
    "%YAML 1.1\n",
    "? ",
    "file[]",
    "file?",
    "directory",
    "string",
    "null",
    "~",
    "1e999",
    "0x",
    ".inf",
    "container: ",
    "env: ",
    "resources: {memory: ",
    "script: ",
    "shell: |\n",
    "python: ",
    "success: ",
    "\ufeff",
    "\u2028",
    "\x85",
)

_SCALARS: tuple[Json, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "o",
    "s",
    "t",
    "k",
    "file",
    "file[]",
    "directory?",
    "string[]",
    "integer",
    "${k}",
    "${params.x}",
    "${outputs.o}",
    "${inputs.i}",
    "${t.path}",
    "${len(k)}",
    "${1 / 0}",
    "${attempt}",
    "${inputs.i.size}",
    "${range(5)}",
    "${k if k == 'a' else 1}",
    "../x",
    "/x",
    "a/b",
    "a/${k}",
    "one value",
    "at least 1",
    "1GB",
    "2h",
    [],
    {},
    [[]],
    {"": 1},
)


def mutated(data: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    """A new input made of one input, or of two."""
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        ways: list[Callable[[bytes, Sequence[bytes], random.Random], bytes]]  # type: ignore[name-defined]
        ways = [_tree, _tree, _tree, _tree, _words, _lines, _bytes]
        data = random.choice(ways)(data, others, random)
    return data[:200_000]


def _bytes(data: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    at, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
    end = min(end, at + random.choice((0, 1, 2, 8, 64)))
    middle = random.choice((b"", random.randbytes(random.choice((1, 2, 4))), data[at:end] * 2, data[at:end] * 200))
    return data[:at] + middle + data[end:]


def _words(data: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    at = random.randrange(len(data) + 1)
    word = random.choice((random.choice(WORDS), random.choice(list(texts().values()))[:200]))
    return data[:at] + word.encode("utf-8", "surrogatepass") + data[at + random.choice((0, 0, 1, 5)) :]


def _lines(data: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    lines, other = data.splitlines(keepends=True) or [b""], random.choice(others).splitlines(keepends=True) or [b""]
    at = random.randrange(len(lines))
    start = random.randrange(len(other))
    deed = random.randrange(4)
    if deed == 0:
        del lines[at]
    elif deed == 1:
        lines.insert(at, lines[random.randrange(len(lines))])
    elif deed == 2:
        lines[at:at] = other[start : start + random.randrange(1, 6)]
    else:
        other_at = random.randrange(len(lines))
        lines[at], lines[other_at] = lines[other_at], lines[at]
    return b"".join(lines)


def _tree(data: bytes, others: Sequence[bytes], random: random.Random) -> bytes:
    """Change one place of the document's tree; what is no document is changed by words."""
    tree = _load(data)
    if not isinstance(tree, dict) or not tree:
        return _words(data, others, random)
    places = _places(tree)
    holder, key = random.choice(places)
    deed = random.randrange(6)
    if deed == 0:
        del holder[key]
    elif deed == 1:
        holder[key] = random.choice(_SCALARS)
    elif deed == 2:
        holder[key] = random.choice(list(texts().values()))[:300]
    elif deed == 3:
        holder[key] = _some_part(tree, random)
    elif deed == 4:
        other = _load(random.choice(others))
        holder[key] = _some_part(other, random) if isinstance(other, dict) and other else random.choice(_SCALARS)
    elif isinstance(holder, dict):
        keys = [k for h, k in places if isinstance(h, dict)]
        holder[random.choice((random.choice(keys), *random.sample(list(texts().values()), 1)))] = holder.pop(key)
    else:
        holder.insert(key, holder[key])
    return json.dumps(tree, ensure_ascii=random.random() < 0.5, indent=1).encode("utf-8", "surrogatepass")


def _load(data: bytes) -> Json:
    try:
        return json.loads(json.dumps(YAML(typ="safe", pure=False).load(StringIO(data.decode()))))
    except (YAMLError, ValueError, TypeError, RecursionError, AttributeError, OverflowError):
        return None


def _places(tree: Json) -> list[tuple[Json, Json]]:
    found, pending = [], [tree]
    while pending:
        here = pending.pop()
        entries = here.items() if isinstance(here, dict) else enumerate(here)
        for key, value in entries:
            found.append((here, key))
            if isinstance(value, dict | list):
                pending.append(value)
    return found


def _some_part(tree: Json, random: random.Random) -> Json:
    """A copy of some part, so that no tree holds itself."""
    holder, key = random.choice(_places(tree))
    return json.loads(json.dumps(holder[key]))
