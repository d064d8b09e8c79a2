"""Doubles of the tools that the example `rna-seq` calls, by the name under which this file is called.

Each knows the options of the real tool that the example has a use for, and no others. It looks whether its inputs are
there and as the real tool needs them, and writes what that would under the same names; what stands in it follows from
what it was given. Anything else is a failure.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

GENES = ("YAL001C", "YAL002W", "YBR003W")
GENOME = ">I\nACGTACGTACGT\n>II\nTTGACCA\n"
ANNOTATION = "#!genome-build R64-1-1\n" + "".join(
    f'I\tsgd\t{kind}\t{n * 100 + 1}\t{n * 100 + 60}\t.\t+\t.\tgene_id "{gene}"; transcript_id "{gene}_mRNA";\n'
    for n, gene in enumerate(GENES)
    for kind in ("transcript", "exon", "CDS")
)
ENSEMBL = {
    "https://ftp.ensembl.org/pub/release-115/fasta/saccharomyces_cerevisiae/dna/"
    "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz": GENOME,
    "https://ftp.ensembl.org/pub/release-115/gtf/saccharomyces_cerevisiae/"
    "Saccharomyces_cerevisiae.R64-1-1.115.gtf.gz": ANNOTATION,
}
REPORTS = (
    "*Log.final.out", "*ReadsPerGene.out.tab", "*junctionSaturation_plot.r", "*inner_distance_freq.txt",
    "*pos.DupRate.xls", "*GC.xls",
)  # fmt: skip
"""How MultiQC finds the reports of STAR and RSeQC by their names; the others it knows by what stands in them."""
CONTENTS = ("junction_annotation.py", "bam_stat.py", "infer_experiment.py", "read_distribution.py")


def fail(message: str) -> None:
    """End as tools do."""
    sys.exit(f"{Path(sys.argv[0]).name}: {message}")


def expect(holds: object, message: str) -> None:
    """Fail with the message unless something holds."""
    if not holds:
        fail(message)


def options(words: Sequence[str], *flags: str, values: Sequence[str], rest: str | None = None) -> Namespace:
    """What the words say: `flags` stand alone, `values` take one word and stand once; `rest` is what is no option."""
    parser = ArgumentParser(allow_abbrev=False)
    for flag in flags:
        parser.add_argument(flag, action="store_true")
    for option in values:
        parser.add_argument(option)
        given = [word for word in words if word.partition("=")[0] == option]
        expect(len(given) < 2, f"{option} is given twice")
    if rest is not None:
        parser.add_argument(rest)
    return parser.parse_args(words)


def content(path: str) -> bytes:
    """What a file holds, unpacked; a file that is not there is a failure."""
    expect(Path(path).is_file(), f"no file {path}")
    held = Path(path).read_bytes()
    return gzip.decompress(held) if path.endswith(".gz") else held


def mark(*made_of: bytes | str) -> str:
    """A line that says which tool it was, and follows from what it was given."""
    tool = Path(sys.argv[0]).name
    parts = [part if isinstance(part, bytes) else part.encode() for part in made_of]
    digest = hashlib.sha256(b"\0".join([tool.encode(), *(hashlib.sha256(part).digest() for part in parts)]))
    return f"{tool} {digest.hexdigest()[:16]}\n"


def write(path: str, text: str) -> None:
    """Write a file into a folder that is there; packed where its name says so."""
    data = text.encode()
    Path(path).write_bytes(gzip.compress(data, mtime=0) if path.endswith(".gz") else data)


def curl(words: list[str]) -> None:
    """Fetches what Ensembl has of yeast."""
    given = options(words, "--fail", "--location", "--silent", "--show-error", values=["--retry"], rest="url")
    expect(given.url in ENSEMBL, f"(22) The requested URL returned error: 404: {given.url}")
    sys.stdout.buffer.write(gzip.compress(ENSEMBL[given.url].encode(), mtime=0))


def fasterq_dump(words: list[str]) -> None:
    """Writes a pair of files for an accession where it is started."""
    given = options(words, "-x", values=["--threads", "--temp"], rest="accession")
    expect(Path(given.temp).is_dir() and int(given.threads) > 0, "no --temp or --threads")
    for read in "12":
        write(f"{given.accession}_{read}.fastq", mark(given.accession, read))


def fastp(words: list[str]) -> None:
    """Trims reads; what is for pairs goes with pairs only."""
    pairs = ("--in2", "--out2", "--unpaired1", "--unpaired2")
    trims = ("--adapter_sequence", "--adapter_sequence_r2", "--poly_x_min_len", "--poly_g_min_len")
    values = ("--in1", "--out1", "--failed_out", "--html", "--json", "--thread", *pairs, *trims)
    given = options(words, "--detect_adapter_for_pe", "--trim_poly_x", "--trim_poly_g", values=values)
    expect(1 <= int(given.thread) <= 16, "--thread is from 1 to 16")
    expect(not Path(given.in1).name.endswith(".gz") or content(given.in1), "nothing in --in1")
    reads = [content(given.in1)]
    if given.in2 is None:
        expect(not any((given.out2, given.unpaired1, given.unpaired2, given.detect_adapter_for_pe)), "no pairs")
    else:
        expect(given.out2 is not None, "--in2 goes with --out2")
        reads.append(content(given.in2))
    settings = repr([(trim, getattr(given, trim.lstrip("-"))) for trim in trims])
    written = ("out1", "out2", "unpaired1", "unpaired2", "failed_out", "html", "json")
    for name in written:
        if getattr(given, name) is not None:
            write(getattr(given, name), mark(name, settings, *reads))


def star(words: list[str]) -> None:
    """Makes an index, or aligns; the log of an index stays where it is started."""
    known = {
        "runThreadN": 1, "genomeDir": 1, "sjdbGTFfile": 1, "runMode": 1, "genomeFastaFiles": 1, "readFilesIn": 2,
        "readFilesCommand": 1, "outSAMtype": 2, "quantMode": 1,
    }  # fmt: skip
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            expect(word[2:] in known, f'EXITING: FATAL INPUT ERROR: unrecognized parameter name "{word[2:]}"')
            expect(word[2:] not in given, f"EXITING: duplicate parameter {word}")
            given[word[2:]] = []
        else:
            expect(given, f"EXITING: {word} belongs to no parameter")
            list(given.values())[-1].append(word)
    for name, held in given.items():
        expect(1 <= len(held) <= known[name], f"EXITING: --{name} {held}")
    index, annotation = Path(given["genomeDir"][0]), content(given["sjdbGTFfile"][0])
    expect(index.is_dir(), f"EXITING: could not open genome directory {index}")
    write("Log.out", mark(annotation))
    if given.get("runMode", ["alignReads"]) == ["genomeGenerate"]:
        write(str(index / "Genome"), mark(content(given["genomeFastaFiles"][0]), annotation))
        return
    expect((index / "Genome").is_file(), f"EXITING: no genome in {index}")
    for path in given["readFilesIn"]:
        packed = given.get("readFilesCommand") == ["zcat"]
        expect(path.endswith(".gz") == packed, f"EXITING: {path} does not go with --readFilesCommand")
    reads = [content(path) for path in given["readFilesIn"]]
    expect(given["outSAMtype"] == ["BAM", "SortedByCoordinate"], "EXITING: --outSAMtype")
    expect(given["quantMode"] == ["GeneCounts"], "EXITING: --quantMode")
    text = mark(content(str(index / "Genome")), annotation, *reads)
    for name in ("Aligned.sortedByCoord.out.bam", "SJ.out.tab", "Log.final.out", "Log.progress.out"):
        write(name, f"{name} {text}")
    genes = sorted(set(re.findall(r'gene_id "([^"]+)"', annotation.decode())))
    rows = [("N_unmapped", 1, 1, 1), ("N_multimapping", 0, 0, 0), ("N_noFeature", 2, 2, 2), ("N_ambiguous", 0, 0, 0)]
    rows += [(gene, n := hashlib.sha256(f"{gene} {text}".encode()).digest()[0], n // 3, n - n // 3) for gene in genes]
    write("ReadsPerGene.out.tab", "".join("\t".join(map(str, row)) + "\n" for row in rows))


def rseqc(endings: Sequence[str], *, genes: bool = True, quality: bool = False) -> Callable[[list[str]], None]:
    """A tool of RSeQC that writes files with these endings, or none, and then to its output."""

    def tool(words: list[str]) -> None:
        values = ["-i", *(["-r"] if genes else []), *(["-o"] if endings else []), *(["-q"] if quality else [])]
        given = options(words, values=values)
        expect(all(getattr(given, option[1]) is not None for option in values), f"it takes {values}")
        parts = [content(given.i), content(given.r) if genes else b""]
        expect(parts[0].startswith(b"Aligned"), f"{given.i} is no BAM file")
        expect(not genes or all(line.count(b"\t") == 11 for line in parts[1].splitlines()), "-r is no BED file")
        for ending in endings:
            write(f"{given.o}.{ending}", mark(ending, *parts))
        print(mark(*parts), end="", file=sys.stderr if endings else sys.stdout)

    return tool


def multiqc(words: list[str]) -> None:
    """Looks through the files of a list, all of which it must know."""
    values = ["--outdir", "--filename", "--dirs-depth"]
    given = options(words, "--force", "--no-data-dir", "--dirs", "--file-list", values=values, rest="list")
    expect(given.file_list and given.dirs and int(given.dirs_depth) == 2, "how files are told apart")
    paths = Path(given.list).read_text("utf-8").splitlines()
    for path in paths:
        known = any(Path(path).match(pattern) for pattern in REPORTS) or content(path).decode().startswith(CONTENTS)
        expect(known, f"what is {path}?")
    write(f"{given.outdir}/{given.filename}", mark(*paths, *map(content, paths)))


def rscript(words: list[str]) -> None:
    """Looks whether a script and what it is handed know the same names, and writes its outputs.

    The words are those for `snakemake_object.R`: a script, and then names with what they stand for.
    """
    support, script, *rest = words
    expect(Path(support).name == "snakemake_object.R" and Path(support).is_file(), f"no {support}")
    held: dict[str, list[str]] = {}
    for word in rest:
        if word.startswith("="):
            list(held.values())[-1].append(word[1:])
        else:
            held[word.partition(":")[0]] = []
    text = Path(script).read_text("utf-8")
    named = {f"{kind}.{name}" for kind, name in re.findall(r"snakemake@(input|output|params)\$(\w+)", text)}
    if re.search(r"given <- snakemake@params\b", text):
        named |= {f"params.{name}" for name in re.findall(r"given\$(\w+)", text)}
    given = {name for name in held if name.startswith(("input.", "output.", "params."))}
    expect(named == given, f"{script} reads {sorted(named)} and is given {sorted(given)}")
    parts = [f"{name} {values}".encode() for name, values in held.items() if name.startswith("params.")]
    parts += [content(values[0]) for name, values in held.items() if name.startswith("input.")]
    for name, values in held.items():
        if name.startswith("output."):
            write(values[0], mark(name, text, *parts))


TOOLS: dict[str, Callable[[list[str]], None]] = {
    "curl": curl,
    "fasterq-dump": fasterq_dump,
    "fastp": fastp,
    "STAR": star,
    "multiqc": multiqc,
    "Rscript": rscript,
    "junction_annotation.py": rseqc(["junction.bed", "junction.xls", "junction_plot.r"], quality=True),
    "junction_saturation.py": rseqc(["junctionSaturation_plot.pdf", "junctionSaturation_plot.r"], quality=True),
    "bam_stat.py": rseqc([], genes=False),
    "infer_experiment.py": rseqc([]),
    "inner_distance.py": rseqc(["inner_distance.txt", "inner_distance_freq.txt", "inner_distance_plot.pdf"]),
    "read_distribution.py": rseqc([]),
    "read_duplication.py": rseqc(["DupRate_plot.pdf", "pos.DupRate.xls", "seq.DupRate.xls"], genes=False),
    "read_GC.py": rseqc(["GC_plot.pdf", "GC.xls", "GC_plot.r"], genes=False),
}


def install(folder: Path) -> None:
    """Put the doubles into a folder, each under the name of its tool."""
    folder.mkdir()
    for name in TOOLS:
        place = folder / name
        place.write_text(f"#!{sys.executable}\n{Path(__file__).read_text('utf-8')}", "utf-8")
        place.chmod(0o755)


if __name__ == "__main__":
    TOOLS[Path(sys.argv[0]).name](sys.argv[1:])
