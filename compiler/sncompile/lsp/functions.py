"""What the functions of expressions are told to be: how each is called, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class FunctionHelp(NamedTuple):
    """How a function is called, and what it gives."""

    call: str
    gives: str


FUNCTIONS: Mapping[str, FunctionHelp] = {
    "basename": FunctionHelp("basename(path)", "the last part of a path"),
    "ceil": FunctionHelp("ceil(number)", "the next whole number"),
    "coalesce": FunctionHelp("coalesce(x, y, …)", "the first that is not absent; of lists, item by item"),
    "dirname": FunctionHelp("dirname(path)", "what stands before the last part of a path"),
    "file": FunctionHelp("file('name')", "a file that belongs to the module"),
    "float": FunctionHelp("float(x)", "`x` as a number"),
    "format": FunctionHelp("format(number, form)", "a number as text: `format(7, '03d')` is `007`"),
    "int": FunctionHelp("int(x)", "`x` as a whole number"),
    "join": FunctionHelp("join(list, separator)", "the items as one text; or `join(part, part, …)`: a path"),
    "keys": FunctionHelp("keys(step).key", "the keys of what the step brings"),
    "len": FunctionHelp("len(x)", "how many items, or characters"),
    "list_file": FunctionHelp("list_file(list)", "the path of a file that holds the list, an item a line"),
    "lookup": FunctionHelp("lookup(table.column, column=value)", "the cell of the one row that holds these values; or "
                           "`lookup(step.output, key=value)`: what the instance with these keys made"),
    "lower": FunctionHelp("lower(text)", "the text in small letters"),
    "match": FunctionHelp("match(text, pattern)", "whether the whole text matches a regular expression"),
    "max": FunctionHelp("max(x, y, …)", "the greatest of several values, or of a list"),
    "min": FunctionHelp("min(x, y, …)", "the least of several values, or of a list"),
    "present": FunctionHelp("present(list)", "the items that are not absent"),
    "range": FunctionHelp("range(start, end, step)", "whole numbers, without the end"),
    "replace": FunctionHelp("replace(text, old, new)", "the text with `new` wherever `old` stands"),
    "round": FunctionHelp("round(x, digits)", "the nearest whole number, or with so many digits behind the point"),
    "sorted": FunctionHelp("sorted(list)", "the items in order"),
    "split": FunctionHelp("split(text, between)", "the parts of a text: `split('a,b', ',')`"),
    "stem": FunctionHelp("stem(path)", "the name up to its first dot"),
    "str": FunctionHelp("str(x)", "`x` as text"),
    "suffix": FunctionHelp("suffix(path)", "the name from its first dot on: `.fastq.gz`"),
    "sum": FunctionHelp("sum(list)", "the sum of numbers; 0 for an empty list"),
    "unique": FunctionHelp("unique(list)", "each item once"),
    "upper": FunctionHelp("upper(text)", "the text in capital letters"),
    "words": FunctionHelp("words(text)", "the words of a text as a shell parts them, at blanks and by quotes"),
    "zip": FunctionHelp("zip(list, list, …)", "one list: the first items, then the second ones, and so on"),
}  # fmt: skip
