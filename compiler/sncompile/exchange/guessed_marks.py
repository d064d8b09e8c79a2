"""Which words of a command line are files, by their looks: what somebody may mark who has marked nothing yet.

A guess is offered and never taken: names and options of tools do not say for sure what a job reads and writes.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sncompile.lazy_regex import regex
from sncompile.semantics.scope import UNREADABLE

_PIECE = regex(
    r"""(?P<mark>\{[^{}]*\})|(?P<quoted>'[^']*'|"(?:\\.|[^"\\])*")|(?P<sign>[|;&<>()]+)|(?P<word>[^\s|;&<>(){}'"=]+)|="""
)
_FILE = regex(r"(?:[\w.~+-]*/)*(?P<stem>\w[\w.+-]*?)\.(?P<format>[A-Za-z]\w{0,9}(?:\.(?:gz|bz2|xz|zst))?)")
_FOLDER = regex(r"(?:[\w.~+-]*/)*(?P<stem>\w[\w+-]*)(?P<slash>/?)")
_SCRIPTS = ("py", "r", "sh", "jl", "pl", "ipynb", "jar", "nf", "smk")
_WRITES = regex(r"-{1,2}(?:o|O|out\w*|output[\w-]*|save\w*|json|html|result\w*)")
_READS = regex(r"-{1,2}(?:i|I|in|input[\w-]*)")
_OF_FOLDERS = regex(r"-{1,2}[\w-]*dir(?:ectory)?", re.IGNORECASE)
_CORES = regex(r"-@|-{1,2}\w*(?:thread|cpu|core)\w*", re.IGNORECASE)


class Guess(NamedTuple):
    """A command line with marks for what looks like a file or a folder, and the words that got one."""

    line: str
    words: tuple[str, ...]


def guessed(line: str) -> Guess:
    """A command line with its marks, and with more by its looks.

    >>> guessed("samtools sort -@ 8 in/a.bam -o a.sorted.bam").line
    'samtools sort -@ {cpus} {in:a:bam} -o {out:a_sorted:bam}'
    >>> guessed("STAR --genomeDir index/ > log.txt").line
    'STAR --genomeDir {indir:index} > {out:log:txt}'
    """
    made, at, before, starts = [], 0, "", True
    names: dict[str, str] = {}
    marks: dict[str, str] = {}
    for piece in _PIECE.finditer(line):
        word = piece["word"]
        new = None
        if word is not None and not starts and not word.startswith("-"):
            # What was written before is read under its mark.
            is_cores = _CORES.fullmatch(before) is not None and word.isdigit()
            new = "{cpus}" if is_cores else marks.get(word) or _mark(word, before, names)
        if word is not None and new is not None:
            made += [line[at : piece.start()], new]
            at = piece.end()
            if new != "{cpus}":
                marks[word] = new
        if piece[0] != "=":
            # The first word of each command is a program, and what follows `>` and `<` is none.
            starts = piece["sign"] is not None and not set(piece["sign"]) & set("<>")
            before = piece[0]
    return Guess("".join([*made, line[at:]]), tuple(marks))


def _mark(word: str, before: str, names: dict[str, str]) -> str | None:
    """The mark for a word that follows another one, or None where it does not look like a file or a folder."""
    writes = ">" in before or _WRITES.fullmatch(before) is not None
    file = _FILE.fullmatch(word)
    if file is not None:
        format = file["format"]
        if format.lower() in _SCRIPTS:
            return None
        name = _name(file["stem"], word, names)
        return f"{{{'out' if writes else 'in'}:{name}{'' if name == format else f':{format}'}}}"
    folder = _FOLDER.fullmatch(word)
    reads = _READS.fullmatch(before) is not None
    if folder is None or not (folder["slash"] or _OF_FOLDERS.fullmatch(before) or reads or writes) or word.isdigit():
        return None
    return f"{{{'outdir' if writes else 'indir'}:{_name(folder['stem'], word, names)}}}"


def _name(stem: str, word: str, names: dict[str, str]) -> str:
    """A name for a word, the same for each place where it stands, and another one for each other word."""
    name = re.sub(r"\W", "_", stem)
    name = f"f{name}" if name[0].isdigit() else f"{name}_" if name in UNREADABLE else name
    while names.get(name, word) != word:
        name += "_2"
    names[name] = word
    return name
