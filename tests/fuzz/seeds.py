"""The inputs that fuzzing starts from: the pages of the language, and the corpus that earlier runs have left.

A file of the corpus is called `PAGE--SUM.yaml`: it is a spec, to stand among the files of that page.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..test_cases import CASES, blocks_of, lay_out

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path(__file__).parent / "found"
"""Inputs that once did what none may do. They are never taken away again."""
MOST_BYTES = 4_000
"""A larger input is not kept in the repository."""
SLOW = {"too_large", "too_deep", "too_complex", "too_many_rows", "large_query", "slow_pattern", "latin1"}


def page_named(name: str) -> Path:
    """The page of a name such as `valid.glob`."""
    return CASES / Path(*name.split(".")).with_suffix(".md")


def page_names() -> list[str]:
    """The pages whose files are text."""
    pages = (
        p for p in sorted(CASES.rglob("*.md")) if p.stem not in SLOW and "python setup" not in p.read_text("utf-8")
    )
    return [".".join(p.relative_to(CASES).with_suffix("").parts) for p in pages]


def surroundings(page: str, folder: Path) -> Path | None:
    """Lay out a page; gives the place of its spec."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = blocks_of(page_named(page).read_text("utf-8"))
    spec = folder / lay_out(blocks, folder)
    return spec if spec.is_file() else None


def kept() -> list[tuple[str, bytes]]:
    """The corpus: page and bytes of each input."""
    files = sorted((*CORPUS.glob("*.yaml"), *FOUND.glob("*.yaml")))
    return [(path.name.partition("--")[0], path.read_bytes()) for path in files]


def keep(page: str, data: bytes, folder: Path = CORPUS) -> Path | None:
    """Put an input into the corpus, if it is small."""
    if len(data) > MOST_BYTES and folder == CORPUS:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{page}--{hashlib.sha256(data).hexdigest()[:12]}.yaml"
    place.write_bytes(data)
    return place
