"""Match the variants called in one sample with the mutations that wgsim planted in it."""

import argparse
import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# wgsim writes a base that differs between the two copies of the genome as an IUPAC code.
IUPAC = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
}


@dataclass(frozen=True)
class Variant:
    """A difference from the genome. `position` is that of the first base changed, from 1.

    `quality` is in phred and None for a mutation that was planted, not called.
    """

    chromosome: str
    position: int
    kind: str
    old: str
    new: str
    quality: float | None = None


def read_mutations(path: Path) -> list[Variant]:
    """Read wgsim's list of what it planted."""
    planted: list[Variant] = []
    deletion_copies = ""
    for line in path.read_text(encoding="ascii").splitlines():
        chromosome, position_text, old, new, copies = line.split("\t")
        position = int(position_text)
        if new == "-":
            last = planted[-1] if planted else None
            # A deletion on one copy is listed base by base.
            if (
                last is not None
                and last.kind == "deletion"
                and (chromosome, position) == (last.chromosome, last.position + len(last.old))
                and copies == deletion_copies
            ):
                planted[-1] = Variant(chromosome, last.position, "deletion", old=last.old + old, new="")
                continue
            deletion_copies = copies
            planted.append(Variant(chromosome, position, "deletion", old=old, new=""))
        elif old == "-":
            planted.append(Variant(chromosome, position, "insertion", old="", new=new))
        else:
            (base,) = set(IUPAC[new]) - {old}
            planted.append(Variant(chromosome, position, "snv", old=old, new=base))
    return planted


def shared(one: str, other: str) -> int:
    """Return how many bases the two have in common at the start."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def trimmed(chromosome: str, position: int, old: str, new: str, quality: float) -> Variant:
    """Return the variant without the bases that a VCF record has on both sides."""
    suffix = shared(old[::-1], new[::-1])
    old, new = old[: len(old) - suffix], new[: len(new) - suffix]
    prefix = shared(old, new)
    position, old, new = position + prefix, old[prefix:], new[prefix:]
    kind = "snv" if len(old) == len(new) else "deletion" if len(old) > len(new) else "insertion"
    return Variant(chromosome, position, kind, old, new, quality)


def read_calls(path: Path, sample: str) -> Iterator[Variant]:
    """Yield the variants that the sample has at least one copy of."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        column = -1
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#CHROM"):
                column = fields.index(sample)
            if line.startswith("#"):
                continue
            chromosome, position, _, old, alternatives, quality = fields[:6]
            genotype = fields[column].split(":")[fields[8].split(":").index("GT")]
            alleles = {int(a) for a in genotype.replace("|", "/").split("/") if a != "."}
            for allele in sorted(alleles - {0}):
                new = alternatives.split(",")[allele - 1]
                yield trimmed(chromosome, int(position), old, new, float(quality))


def same(planted: Variant, called: Variant, slack: int) -> bool:
    """Say whether a call is the planted mutation."""
    if (planted.chromosome, planted.kind) != (called.chromosome, called.kind):
        return False
    if planted.kind == "snv":
        return (planted.position, planted.new) == (called.position, called.new)
    # In a repeat the same insertion or deletion can be written at several places.
    return abs(planted.position - called.position) <= slack


def main() -> None:
    """Write a row for each variant that was planted or called."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", required=True, help="the sample's column in the VCF")
    parser.add_argument("--slack", type=int, required=True, help="tolerance for indels, in bases")
    parser.add_argument("--mutations", type=Path, required=True, help="what wgsim printed")
    parser.add_argument("--variants", type=Path, required=True, help="VCF file")
    parser.add_argument("--out", type=Path, required=True, help="TSV file to write")
    options = parser.parse_args()

    unmatched = list(read_calls(options.variants, options.sample))
    results: list[tuple[Variant, str]] = []
    for mutation in read_mutations(options.mutations):
        call = next((call for call in unmatched if same(mutation, call, options.slack)), None)
        if call is None:
            results.append((mutation, "missed"))
        else:
            unmatched.remove(call)
            results.append((call, "found"))
    results += [(call, "extra") for call in unmatched]
    results.sort(key=lambda result: (result[0].chromosome, result[0].position))

    with options.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(["sample", "chromosome", "position", "kind", "old", "new", "quality", "status"])
        for variant, status in results:
            quality = "" if variant.quality is None else f"{variant.quality:g}"
            place = [options.sample, variant.chromosome, variant.position]
            what = [variant.kind, variant.old, variant.new]
            writer.writerow([*place, *what, quality, status])


if __name__ == "__main__":
    main()
