"""Cuts bases below a quality off the ends of reads, of one file or of both files of pairs."""

import argparse
from collections.abc import Iterator
from pathlib import Path


def trimmed(path: str, quality: int) -> Iterator[str]:
    lines = Path(path).read_text().splitlines()
    for name, bases, plus, marks in zip(*(lines[n::4] for n in range(4)), strict=True):
        end = len(bases)
        while end and ord(marks[end - 1]) - 33 < quality:
            end -= 1
        yield f"{name}\n{bases[:end]}\n{plus}\n{marks[:end]}\n"


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--quality", type=int, required=True)
parser.add_argument("--second")
parser.add_argument("first")
parser.add_argument("out")
given = parser.parse_args()
with Path(given.out).open("w") as out:
    for path in filter(None, (given.first, given.second)):
        out.writelines(trimmed(path, given.quality))
