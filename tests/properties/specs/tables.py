"""Random tables: few rows, in no order, with holes, whose columns overlap."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random

from .model import Row, Table

KEYS = ("sample", "lane", "site", "well", "plate", "dose")
TEXTS = ("x", "y", "two words", "it's", 'say "hi"', "$HOME", "a;b", "*", "#", "é", "%d", "{x}", "\\n", "", "-n", "`id`")


def domains(random: Random, without: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """The values that each key may have: two to four, of one sort; most of them plain."""
    found = {}
    sorts = [sort for sort in SORTS if _WORDS.get(sort) not in without]
    for name in KEYS:
        values = random.choice(sorts)(random) if random.random() < 0.55 else plain(random)
        random.shuffle(values)
        found[name] = values[: random.randint(2, 4)]
    return found


def plain(random: Random) -> list[str]:
    """Values that are as harmless as can be."""
    return random.choice((["A", "B", "C", "D"], ["b", "a", "d", "c"], ["P1", "P2", "P3"], ["blood", "liver", "skin"]))[
        :
    ]


def _encoded(random: Random) -> list[str]:
    return random.sample(
        ["a/b", "50%", "-5", ".", "x{y}", "{x}", "%2F", "a%2Fb", "~", "-", "..", "/", "a/", "\u00e9", "a\tb"], 4
    )


def _shell(random: Random) -> list[str]:
    texts = [
        "a b",
        "it's",
        'q"q',
        "$HOME",
        "a;b",
        "*",
        "#c",
        "a\\b",
        "`x`",
        "a:b",
        "a,b",
        " x",
        "x ",
        "a=b",
        "e\u0301",
        "&",
        "[ab]",
        "a|b",
    ]
    return random.sample(texts, 4)


def _numbers(random: Random) -> list[str]:
    return random.choice(
        (["1", "01", "10", "2"], ["1.10", "1.1", "1.9", "1"], ["1e3", "1000", "0x10", "1_000"], ["0", "-0", "00", "+1"])
    )[:]


def _periods(random: Random) -> list[str]:
    found = []
    for unit in random.sample(["A", "AT", "ACG", "G", "0", "ab", "_", "x-"], 3):
        length = random.randint(18, 60)
        found.append((unit * length)[: length * len(unit) - random.choice((0, 0, 1))])
    return [*found, "ACGT"]


def _prefixes(random: Random) -> list[str]:
    return random.choice((["a", "ab", "abc", "a_b"], ["A1", "A10", "A1.0", "A"], ["x", "x.y", "x.y.z", "x_"]))[:]


def _names(random: Random) -> list[str]:
    return random.sample(
        [
            "s1",
            "s2",
            "o",
            "all",
            "results",
            "in1",
            "logs",
            "d",
            "true",
            "null",
            "no",
            "wildcards",
            "input",
            "1",
            "None",
        ],
        4,
    )


def _long(random: Random) -> list[str]:
    lengths = (random.randint(200, 248), random.randint(249, 255))
    found = [
        "_".join(f"{letter}{n}" for n in range(100))[: random.choice(lengths)] for letter in ("x", "y", "xy", "xz")
    ]
    if random.random() < 0.15:
        found[0] = "%_" + found[0][:253]
    return found


_WORDS = {_periods: "periods", _long: "long"}

SORTS = (_encoded, _encoded, _encoded, _encoded, _shell, _numbers, _periods, _periods, _prefixes, _names, _long)


def table(random: Random, name: str, values: dict[str, list[str]], before: Sequence[Table], number: int) -> Table:
    """A table; it shares keys with those before it as often as not, or has their keys as plain columns."""
    known = [key for other in before for key in other.key]
    count = random.choices((1, 2, 3), (4, 6, 2))[0]
    keys: list[str] = []
    while len(keys) < count:
        pool = known if known and random.random() < 0.6 else KEYS
        keys.append(random.choice(pool))
        keys = list(dict.fromkeys(keys))
        known = [key for key in known if key not in keys]
    combinations = list(itertools.product(*(values[key] for key in keys)))
    random.shuffle(combinations)
    if count > 1 and random.random() < 0.35:
        # One key tells the others: a well has one dose.
        combinations = list({found[-1]: found for found in combinations}.values())
    most = min(len(combinations), 6)
    rows_keys = combinations[: random.randint(min(2, most), most)]
    columns = [*keys]
    for other in KEYS:
        # A key of one table is a plain column of another as often as not.
        if other not in keys and random.random() < (0.5 if other in {key for t in before for key in t.key} else 0.12):
            columns.append(other)
    columns += [name for name, share in _PLAIN.items() if random.random() < share]
    if random.random() < 0.5:
        random.shuffle(columns)
    rows = tuple(
        {
            column: _cell(random, column, dict(zip(keys, found, strict=True)), values, f"{number}_{place}", before)
            for column in columns
        }
        for place, found in enumerate(rows_keys)
    )
    # A column that is absent everywhere is none in a text file's eyes, but for its name.
    return Table(name, tuple(keys), tuple(columns), rows, random.choices(("rows", "csv", "tsv"), (6, 2, 1))[0])


_PLAIN = {"label": 0.7, "note": 0.4, "path": 0.7, "fq1": 0.35, "fq2": 0.35, "n": 0.3}


def _agreeing(key: Row, tables: Sequence[Table]) -> list[Row]:
    """The rows of other tables that agree with a key on all that they have of it, and have some of it."""
    return [
        row
        for table in tables
        if set(key) & set(table.columns)
        for row in table.rows
        if all(str(row[name]) == str(key[name]) for name in key if name in table.columns)
    ]


def _cell(
    random: Random, column: str, key: Row, values: dict[str, list[str]], place: str, before: Sequence[Table]
) -> str | None:
    if column in key:
        return str(key[column])
    if column in values:
        fitting = [str(row[column]) for row in _agreeing(key, before) if row.get(column) is not None]
        if fitting and random.random() < 0.8:
            return random.choice(fitting)
        return random.choice(values[column]) if random.random() < 0.9 else None
    if column == "label":
        return random.choice(("p", "q", "r", "a b", "50%", "-5", "a/b", "{x}"))
    if column == "note":
        return None if random.random() < 0.3 else random.choice([text for text in TEXTS if text])
    if column == "n":
        return str(random.randint(0, 3))
    if column == "fq2" and random.random() < 0.4:
        return None
    return f"raw/{column}_{place}{random.choice(('', ' x', '.txt', 'é'))}"
