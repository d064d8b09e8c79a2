"""Doubles of the tools of `specs/examples/dna-seq`, as a user's shell finds them.

Each takes the arguments that the tool documents and no others, wants what it reads to be there, indexes among it, and
writes texts that say who wrote them: the same for the same call. `install` puts them into a folder for `PATH`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import sys
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

CONTIGS = ("I", "II", "Mito")


class Form(NamedTuple):
    """What a tool takes: options with a value, options with several, flags, and how many other arguments."""

    values: str = ""
    many: str = ""
    flags: str = ""
    least: int = 0
    most: int = 0


class Call:
    """The arguments of one call, taken apart."""

    def __init__(self, name: str, form: Form, arguments: Sequence[str]) -> None:
        self.name, self.options, self.others = name, {}, []  # type: ignore[var-annotated]
        values, many, flags = form.values.split(), form.many.split(), form.flags.split()
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            if word in values or word in many:
                if not rest:
                    fail(f"{name}: {word} needs a value")
                held = self.options.setdefault(word, [])
                if word in values and held and word not in REPEATED:
                    fail(f"{name}: {word} is given twice")
                held.append(rest.pop(0))
                while word in many and rest and not rest[0].startswith("-"):
                    held.append(rest.pop(0))
            elif word in flags:
                self.options[word] = []
            elif word.startswith("-") and word != "-":
                fail(f"{name}: no option {word}")
            else:
                self.others.append(word)
        if not form.least <= len(self.others) <= form.most:
            fail(f"{name}: {len(self.others)} arguments: {self.others}")

    def one(self, option: str) -> str:
        """The value of an option that has to be there."""
        if option not in self.options:
            fail(f"{self.name}: {option} is missing")
        return str(self.options[option][0])

    def all(self, option: str) -> list[str]:
        return list(self.options.get(option, ()))


REPEATED = ("-I", "-V", "--plugin", "--known-sites")


def fail(message: str) -> None:
    sys.exit(f"double: {message}")


def there(*paths: str) -> None:
    """Fail unless these are files or folders."""
    for path in paths:
        if path != "-" and not Path(path).exists():
            fail(f"{path} is not there")


def stdin() -> bytes:
    text = sys.stdin.buffer.read()
    if not text:
        fail("nothing comes in")
    return text


def write(path: str, name: str, *read: str) -> None:
    """Write who wrote it and what was read; packed where the name says so."""
    sums = [hashlib.sha256(Path(p).read_bytes()).hexdigest()[:12] for p in read]
    text = "\n".join([name, *sums, ""]).encode()
    Path(path).write_bytes(gzip.compress(text, mtime=0) if path.endswith(".gz") else text)


def genome(path: str) -> None:
    """A genome as GATK wants it: with an index and a dictionary beside it."""
    there(path, f"{path}.fai", str(Path(path).with_suffix(".dict")))


def curl(call: Call) -> None:
    (url,) = call.others
    base = "https://ftp.ensembl.org/pub/release-98/"
    if url == f"{base}fasta/saccharomyces_cerevisiae/dna/Saccharomyces_cerevisiae.R64-1-1.dna.primary_assembly.fa.gz":
        sys.exit(22)  # There is none of yeast.
    if url == f"{base}fasta/saccharomyces_cerevisiae/dna/Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz":
        data = gzip.compress("".join(f">{name}\nACGTACGT\n" for name in CONTIGS).encode(), mtime=0)
    elif url == f"{base}variation/vcf/saccharomyces_cerevisiae/saccharomyces_cerevisiae.vcf.gz":
        data = gzip.compress(b"##fileformat=VCFv4.2\n", mtime=0)
    elif url == "https://github.com/Ensembl/VEP_plugins/archive/release/98.tar.gz":
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w:gz") as archive:
            archive.addfile(tarfile.TarInfo("VEP_plugins-release-98/LoFtool.pm"), io.BytesIO())
        data = held.getvalue()
    else:
        fail(f"no such place: {url}")
    if "-o" in call.options:
        Path(call.one("-o")).write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


def faidx(call: Call) -> None:
    names = re.findall("^>(.*)$", Path(call.others[0]).read_text(), re.M)
    Path(call.one("--fai-idx")).write_text("".join(f"{name}\t8\t{9 * n}\t8\t9\n" for n, name in enumerate(names)))


def samtools_dict(call: Call) -> None:
    there(*call.others)
    write(call.one("-o"), "samtools dict", *call.others)


def sort(call: Call) -> None:
    Path(call.one("-o")).write_bytes(stdin())


def index(call: Call) -> None:
    bam, place = call.others
    there(bam)
    write(place, "samtools index", bam)


def stats(call: Call) -> None:
    there(*call.others)
    print("samtools stats")


def reheader(call: Call) -> None:
    if len(Path(call.one("--fai")).read_text().splitlines()) != len(CONTIGS):
        fail("the index lacks contigs")
    sys.stdout.buffer.write(stdin())


def view(call: Call) -> None:
    if call.others[:1] in ([], ["-"]):
        data = stdin()
    else:
        there(*call.others)
        data = Path(call.others[0]).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if "-Oz" in call.options:
        data = gzip.compress(data, mtime=0)
    if "-o" in call.options:
        Path(call.one("-o")).write_bytes(data)
    else:
        sys.stdout.buffer.write(data)


def iupac(_: Call) -> None:
    data = stdin()
    sys.stdout.buffer.write(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)


def vcf_to_txt(call: Call) -> None:
    if (call.all("--fmt"), call.all("--info")) != (["DP", "AD"], ["ANN"]):
        fail(f"other columns: {call.options}")
    stdin()
    print("VARIANT\tVARIANT\tA\tA\tB\tB\nCHROM\tPOS\tDP\tAD\tDP\tAD\nI\t3\t20\t10\t10\t10\nII\t4\t8\t2\t\t")


def tabix(call: Call) -> None:
    there(*call.others)
    write(f"{call.others[0]}.tbi", "tabix", *call.others)


PARTS = ("amb", "ann", "bwt", "pac", "sa")


def bwa_index(call: Call) -> None:
    there(*call.others)
    for part in PARTS:
        write(f"{call.others[0]}.{part}", "bwa index", *call.others)


def bwa_mem(call: Call) -> None:
    prefix, *reads = call.others
    there(*(f"{prefix}.{part}" for part in PARTS), *reads)
    if not re.fullmatch(r"@RG\\tID:[AB]\\tSM:[AB]\\tPL:ILLUMINA", call.one("-R")):
        fail(f"read group: {call.one('-R')}")
    print("bwa mem", call.one("-R"), len(reads))


def trim_se(call: Call) -> None:
    source, place, *steps = call.others
    _trim(steps, [source], [place])


def trim_pe(call: Call) -> None:
    first, second, *places = call.others[:6]
    _trim(call.others[6:], [first, second], [*places, call.one("-trimlog")])


def _trim(steps: Sequence[str], reads: Sequence[str], places: Sequence[str]) -> None:
    if not steps or not all(re.fullmatch("[A-Z]+(:[0-9]+)+", step) for step in steps):
        fail(f"trimmomatic: {steps}")
    there(*reads)
    for place in places:
        write(place, "trimmomatic", *reads)


def mark_duplicates(call: Call) -> None:
    given = _pairs(call, "INPUT OUTPUT METRICS_FILE REMOVE_DUPLICATES")
    there(*given["INPUT"])
    for place in (*given["OUTPUT"], *given["METRICS_FILE"]):
        write(place, "MarkDuplicates", *given["INPUT"])


def merge_vcfs(call: Call) -> None:
    given = _pairs(call, "INPUT OUTPUT")
    there(*given["INPUT"])
    _with_index(given["OUTPUT"][0], "MergeVcfs", *given["INPUT"])


def _pairs(call: Call, known: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in call.others:
        name, sign, value = word.partition("=")
        if not sign or name not in known.split():
            fail(f"{call.name}: {word}")
        found.setdefault(name, []).append(value)
    return found


def _with_index(place: str, name: str, *read: str) -> None:
    write(place, name, *read)
    write(f"{place}.tbi", name)


def gatk(call: Call) -> None:
    """Any tool of GATK that reads alignments or variants beside a genome."""
    place, bams, calls = call.one("-O"), call.all("-I"), call.all("-V")
    known = [*call.all("--known-sites"), *call.all("--dbsnp")]
    genome(call.one("-R"))
    tables = call.all("--bqsr-recal-file")
    there(*bams, *tables, *(each for vcf in (*calls, *known) for each in (vcf, f"{vcf}.tbi")))
    if call.name == "gatk HaplotypeCaller":
        there(*(str(Path(bam).with_suffix(".bai")) for bam in bams))
        if call.one("-ERC") != "GVCF" or call.one("--intervals") not in CONTIGS:
            fail(f"HaplotypeCaller: {call.options}")
    if not bams + calls:
        fail(f"{call.name}: nothing to read")
    said = [*call.all("--intervals"), *call.all("--select-type-to-include"), *call.all("--filter-expression")]
    if place.endswith(".gz"):
        _with_index(place, " ".join([call.name, *said]), *bams, *calls)
    else:
        write(place, call.name, *bams)
    if place.endswith(".bam"):
        write(str(Path(place).with_suffix(".bai")), call.name)


def fastqc(call: Call) -> None:
    there(*call.others)
    name = Path(call.one("--outdir"), Path(call.others[0]).name.removesuffix(".fastq.gz") + "_fastqc")
    write(f"{name}.html", "fastqc", *call.others)
    with zipfile.ZipFile(f"{name}.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("summary.txt"), "fastqc")


def multiqc(call: Call) -> None:
    there(*call.others)
    write(str(Path(call.one("--outdir"), call.one("--filename"))), "multiqc", *sorted(call.others))


def vep_install(call: Call) -> None:
    there(call.one("--CACHEDIR"))
    if (call.one("--AUTO"), call.one("--SPECIES")) != ("c", "saccharomyces_cerevisiae"):
        fail(f"vep_install: {call.options}")
    write(f"{call.one('--CACHEDIR')}/{call.one('--CACHE_VERSION')}_{call.one('--ASSEMBLY')}", "vep_install")


def vep(call: Call) -> None:
    there(f"{call.one('--dir_cache')}/98_R64-1-1")
    there(*(f"{call.one('--dir_plugins')}/{name}.pm" for name in call.all("--plugin")))
    write(call.one("--stats_file"), "vep")
    if call.one("--output_file") != "STDOUT":
        fail("vep writes elsewhere")
    sys.stdout.buffer.write(stdin())


GATK = "-R -O --intervals --interval-padding"
TOOLS: dict[str, tuple[Form, Callable[[Call], None]]] = {
    "curl": (Form("-o", flags="-fsSL", least=1, most=1), curl),
    "samtools faidx": (Form("--fai-idx", least=1, most=1), faidx),
    "samtools dict": (Form("-o", least=1, most=1), samtools_dict),
    "samtools sort": (Form("-o -O -@ -m", least=1, most=1), sort),
    "samtools index": (Form("-@", least=2, most=2), index),
    "samtools stats": (Form("-@", least=1, most=1), stats),
    "bcftools reheader": (Form("--fai -o", least=1, most=1), reheader),
    "bcftools view": (Form("-o --output-type --apply-filters", flags="-Oz", most=1), view),
    "rbt vcf-fix-iupac-alleles": (Form(), iupac),
    "rbt vcf-to-txt": (Form(many="--fmt --info", flags="-g"), vcf_to_txt),
    "tabix": (Form("-p", least=1, most=1), tabix),
    "bwa index": (Form("-p -a", least=1, most=1), bwa_index),
    "bwa mem": (Form("-t -R", least=2, most=3), bwa_mem),
    "trimmomatic SE": (Form("-threads -trimlog", least=3, most=99), trim_se),
    "trimmomatic PE": (Form("-threads -trimlog", least=7, most=99), trim_pe),
    "picard MarkDuplicates": (Form(least=3, most=99), mark_duplicates),
    "picard MergeVcfs": (Form(least=2, most=99), merge_vcfs),
    "gatk BaseRecalibrator": (Form(f"{GATK} -I --known-sites"), gatk),
    "gatk ApplyBQSR": (Form(f"{GATK} -I --bqsr-recal-file"), gatk),
    "gatk HaplotypeCaller": (Form(f"{GATK} -I -ERC --dbsnp"), gatk),
    "gatk CombineGVCFs": (Form(f"{GATK} -V"), gatk),
    "gatk GenotypeGVCFs": (Form(f"{GATK} -V"), gatk),
    "gatk SelectVariants": (Form(f"{GATK} -V --select-type-to-include"), gatk),
    "gatk VariantFiltration": (Form(f"{GATK} -V --filter-name --filter-expression"), gatk),
    "fastqc": (Form("--threads --outdir", flags="--quiet", least=1, most=1), fastqc),
    "multiqc": (Form("--outdir --filename", flags="--force", least=1, most=99), multiqc),
    "vep_install": (
        Form("--AUTO --SPECIES --ASSEMBLY --CACHE_VERSION --CACHEDIR", flags="--NO_UPDATE"),
        vep_install,
    ),
    "vep": (
        Form(
            "--fork --format --dir_cache --dir_plugins --stats_file --plugin --output_file",
            flags="--vcf --cache --offline",
        ),
        vep,
    ),
}
"""By the name, with the subcommand where a tool has them."""


def install(folder: Path) -> None:
    """Write a program for each tool into a folder that is not there yet."""
    folder.mkdir()
    for name in {name.partition(" ")[0] for name in TOOLS}:
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__)}" {name} "$@"\n')
        program.chmod(0o755)


def main(name: str, arguments: Sequence[str]) -> None:
    """Do what a tool is asked for."""
    if name not in TOOLS and arguments:
        name, arguments = f"{name} {arguments[0]}", arguments[1:]
    if name not in TOOLS:
        fail(f"no tool `{name}`")
    form, run = TOOLS[name]
    run(Call(name, form, arguments))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
