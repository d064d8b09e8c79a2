"""The regular expression of a pattern is that of Snakemake itself."""

from __future__ import annotations

import pytest

from sncompile.targets.snakemake.patterns import pattern_regex

snakemake_io = pytest.importorskip("snakemake.io")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{a}/{a}_{b}.txt", "x/x_1.txt"),
        ("{a}/{a}_{b}.txt", "x/y_1.txt"),
        ("{a}/{a}_{b}.txt", "x/x_y_1.txt"),
        ("r/{a}.{b}", "r/1.2.3"),
        ("r/{a}.{b}", "r/1/2.3"),
        ("r+(x)/{a}", "r+(x)/1"),
        ("r+(x)/{a}", "rr(x)/1"),
        ("r/{a}", "r/1\n2"),
    ],
)
def test_a_pattern_fits_what_it_fits_in_snakemake(pattern: str, path: str) -> None:
    """A wildcard that stands twice is the same text both times; signs of regular expressions are text."""
    constrained = pattern.replace("{a}", "{a,[^/]+}", 1).replace("{b}", "{b,[^/]+}", 1)
    theirs = snakemake_io.re.compile(snakemake_io.regex_from_filepattern(constrained)).match(path)
    ours = pattern_regex(pattern, {}).fullmatch(path)
    assert (ours and ours.groupdict()) == (theirs and theirs.groupdict())
