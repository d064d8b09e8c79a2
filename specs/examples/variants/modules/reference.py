"""Make a genome of random bases."""

import argparse
import random
import textwrap
from pathlib import Path

BASES = "ACGT"


def random_sequence(name: str, length: int, seed: int, gc_content: float) -> str:
    """Return `length` random bases, of which the share `gc_content` is G or C."""
    # A generator for each name: one more chromosome leaves the others as they are.
    generator = random.Random(f"{seed}:{name}")
    g_or_c, a_or_t = gc_content / 2, (1 - gc_content) / 2
    return "".join(generator.choices(BASES, weights=[a_or_t, g_or_c, g_or_c, a_or_t], k=length))


def main() -> None:
    """Write the genome as FASTA."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", help="names of the sequences")
    parser.add_argument("--length", type=int, required=True, help="bases in each sequence")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--gc-content", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True, help="FASTA file to write")
    options = parser.parse_args()

    lines: list[str] = []
    for name in options.names:
        sequence = random_sequence(name, options.length, options.seed, options.gc_content)
        lines += [f">{name}", *textwrap.wrap(sequence, width=70)]
    options.out.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
