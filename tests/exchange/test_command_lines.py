"""`sncompile new module`: a module from a command line in which files and settings are marked."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sncompile.api import check
from sncompile.exchange.command_lines import Unreadable, module_text
from sncompile.exchange.guessed_marks import guessed
from tests.command_line import sncompile


def _loaded(text: str) -> dict[str, object]:
    found: dict[str, object] = YAML(typ="safe").load(text)
    return found


def test_words_become_a_command() -> None:
    """The example of the documentation."""
    found = _loaded(module_text("sort", "samtools sort -@ {cpus} {in:bam} -o {out:sorted:bam}"))
    assert found["inputs"] == {"bam": {"type": "file", "format": "bam"}}
    assert found["outputs"] == {"sorted": {"type": "file", "format": "bam"}}
    assert found["title"] == "samtools sort"
    assert found["command"] == [
        "samtools", "sort", "-@", "${resources.cpus}", "${inputs.bam}", "-o", "${outputs.sorted}",
    ]  # fmt: skip


def test_pipes_become_a_script() -> None:
    """What needs a shell keeps its text; braces that are no marks stay."""
    found = _loaded(module_text("first", "awk '{print $1, ${x}}' {in:txt} | head -n {param:n=5} > {out:top:txt}"))
    assert found["shell"] == "awk '{print $1, $${x}}' ${inputs.txt} | head -n ${params.n} > ${outputs.top}"
    assert found["params"] == {"n": {"type": "integer", "default": 5}}


@pytest.mark.parametrize(
    ("text", "type_"),
    [("true", "boolean"), ("7", "integer"), ("0.5", "number"), ("1e5", "string"), ("007", "string"), ("a b", "string")],
)
def test_a_default_gives_a_parameter_its_type(text: str, type_: str) -> None:
    """And only what cannot be meant otherwise becomes a number."""
    found = _loaded(module_text("m", f"x {{param:p={text}}} {{out:y}}"))
    params = found["params"]
    assert isinstance(params, dict)
    assert params["p"]["type"] == type_


def test_what_may_be_left_out_takes_its_option_with_it(tmp_path: Path) -> None:
    """Optional files and parameters, with an option before them or in one word with it, and options without a value."""
    line = (
        "tool --mask {in:mask?} {in:more[]?:bam,cram} --cut={param:cut?} -q{param:q=5} {flag:--no-index} {out:mask:txt}"
    )
    (tmp_path / "m.yaml").write_text(module_text("m", line))
    assert [d for d in check(tmp_path / "m.yaml").diagnostics if d.severity == "error"] == []
    found = _loaded(module_text("m", line))
    assert found["inputs"] == {
        "mask": {"type": "file?", "format": "mask"}, "more": {"type": "file[]?", "format": ["bam", "cram"]},
    }  # fmt: skip
    assert found["params"] == {
        "cut": {"type": "string?"}, "q": {"type": "integer", "default": 5},
        "no_index": {"type": "boolean", "default": False},
    }  # fmt: skip
    assert found["command"] == [
        "tool", {"option": "--mask", "value": "${inputs.mask}"}, "${inputs.more}",
        {"option": "--cut=", "value": "${params.cut}", "joined": True}, "-q${params.q}",
        {"flag": "--no-index", "when": "${params.no_index}"}, "${outputs.mask}",
    ]  # fmt: skip


def test_a_mark_is_one_word_and_quotes_of_a_default_are_none_of_it() -> None:
    found = _loaded(module_text("m", """tool {param:a=My plot} "{param:b=x y}" {param:c='5'} {param:d="x"} {out:o}"""))
    assert found["command"] == ["tool", *(f"${{params.{name}}}" for name in "abcd"), "${outputs.o}"]
    assert [p["default"] for p in found["params"].values()] == ["My plot", "x y", "5", "x"]  # type: ignore[attr-defined]
    assert found["params"]["c"]["type"] == "string"  # type: ignore[index]


def test_braces_of_other_languages_stay() -> None:
    """Objects of jq, the code of awk, expansions of the shell."""
    line = """jq '{name: .name, n:.n} | {a}' {in:json} | awk '{print}' | tee {a,b}.txt ${HOME} {} > {out:o}"""
    found = _loaded(module_text("m", line))
    assert found["shell"] == (
        """jq '{name: .name, n:.n} | {a}' ${inputs.json} | awk '{print}' | tee {a,b}.txt $${HOME} {} > ${outputs.o}"""
    )


def test_variables_before_a_command_are_not_its_title() -> None:
    assert _loaded(module_text("m", "OMP_NUM_THREADS={cpus} LC_ALL=C sort -u {in:txt} > {out:o}"))["title"] == "sort"


def test_a_thing_may_be_marked_again() -> None:
    """A second mark need not say everything; one that says something else is told."""
    found = _loaded(module_text("m", "x {in:a:bam} {in:a} {out:y}"))
    assert found["inputs"] == {"a": {"type": "file", "format": "bam"}}
    with pytest.raises(Unreadable, match="marked twice"):
        module_text("m", "x {in:a:bam} {in:a:sam} {out:y}")


@pytest.mark.parametrize(
    ("line", "message", "help"),
    [
        ("x {inn:a} {out:b}", "is no mark", "{in:…}"),
        ("x {in:a}", "no output", "{out:result:txt}"),
        ("x {in:1a} {out:b}", "no name", "{in:NAME}"),
        ("x 'y {out:z}", "quotes", "close every quote"),
        ("x {in:a=5} {out:b}", "has a default", "{in:a:FORMAT}"),
        ("x {param:a:bam} {out:b}", "has a format", "{param:a=DEFAULT}"),
        ("x {in:a} {param:a} {out:b}", "an input and a parameter", "another name"),
        ("x {in:a} {indir:a} {out:b}", "a file and a folder", "another name"),
        ("x {in:class} {out:b}", "a word of expressions", "{in:class_}"),
        ("x {ref} {out:b}", "`{ref}` is no mark", "{in:ref}"),
        ("x {input.ref} {out:b}", "`{input.ref}` is no mark", "{in:ref}"),
        ("x [--all] {in:a} {out:b}", "how a manual says", "{flag:--all}"),
        ("x {in:a:b am} {out:b}", "no format", "fastq.gz"),
        ("x {in:a-b} {out:b}", "no name", "{in:NAME}"),
        ("x {flag:all} {out:b}", "no option", "{flag:--all}"),
        ("x {out:b?}", "an output that may be left out", "{out:b}"),
        ("x a{in:a?}b {out:b}", "is part of a word", "a word of its own"),
        ("x --a {in:a?} > {out:b}", "the line needs a shell", "`args`"),
        ("x {in:a {out:b}", "`{in:a` is not closed", "{in:a}"),
        ("x ${inputs.a} > ${outputs.b}", "how the module says it", "{in:a}"),
        ("gzip -c a.txt > a.txt.gz", "no output", "gzip -c {in:a:txt} > {out:a_2:txt.gz}"),
    ],
)
def test_slips_are_told(line: str, message: str, help: str) -> None:
    """Each with what to write."""
    with pytest.raises(Unreadable, match=message) as caught:
        module_text("m", line)
    assert help in caught.value.help


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "bwa mem -t 8 ref.fa a_R1.fastq.gz | samtools sort -o a.bam -",
            "bwa mem -t 8 {in:ref:fa} {in:a_R1:fastq.gz} | samtools sort -o {out:a:bam} -",
        ),
        (
            "fastp -i in.R1.fq.gz -o out.R1.fq.gz --json=r.json --html r.html --thread 4",
            "fastp -i {in:in_R1:fq.gz} -o {out:out_R1:fq.gz} --json={out:r:json} --html {out:r_2:html} --thread {cpus}",
        ),
        (
            "STAR --runThreadN 8 --genomeDir i/ --readFilesIn 1.fq --outFileNamePrefix o/",
            "STAR --runThreadN {cpus} --genomeDir {indir:i} --readFilesIn {in:f1:fq} --outFileNamePrefix {outdir:o}",
        ),
        (
            "macs2 callpeak -t chip.bam -n x --outdir peaks -q 0.01",
            "macs2 callpeak -t {in:chip:bam} -n x --outdir {outdir:peaks} -q 0.01",
        ),
        (
            "cellprofiler -c -r -p p.cppipe -i images -o results",
            "cellprofiler -c -r -p {in:p:cppipe} -i {indir:images} -o {outdir:results}",
        ),
        ("python bin/measure.py --t 0.5 --output cells.csv", "python bin/measure.py --t 0.5 --output {out:cells:csv}"),
        ("samtools sort {in:bam} -o {out:sorted:bam}", "samtools sort {in:bam} -o {out:sorted:bam}"),
        ("echo 'a.txt' > class.txt; wc class.txt", "echo 'a.txt' > {out:class_:txt}; wc {out:class_:txt}"),
    ],
)
def test_marks_are_guessed_by_the_looks_of_words(before: str, after: str) -> None:
    """Formats at the ends of names, folders, what options of most tools mean, and what stands behind `>`."""
    assert guessed(before).line == after
    assert guessed(after).words == ()


def test_what_is_not_marked_is_told(tmp_path: Path) -> None:
    """Once an output is marked, a line is taken as it is: a file that is not marked is found by no job elsewhere."""
    told = sncompile(tmp_path, "new", "module", "m", "--from", "bcftools mpileup -f ref.fa {in:bam} -o {out:bcf}")
    assert told.returncode == 0
    assert told.stderr.startswith("`ref.fa`: taken as written")


@settings(deadline=None)
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), max_size=4))
def test_whatever_the_words_are_the_module_is_sound(words: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Quotes, dollars, braces and signs of YAML in the words: they come back as they were, or the line is refused."""
    line = shlex.join(["tool", *words]) + " {out:result:txt}"
    try:
        text = module_text("m", line)
    except Unreadable:
        assert re.search(r"\{[a-z]+:", line)
        return
    place = tmp_path_factory.mktemp("new") / "m.yaml"
    place.write_text(text, "utf-8")
    checked = check(place)
    assert [d for d in checked.diagnostics if d.severity == "error"] == []
    found = _loaded(text)
    if "command" in found:
        assert found["command"] == ["tool", *(w.replace("${", "$${") for w in words), "${outputs.result}"]


def test_the_command_writes_and_never_over(tmp_path: Path) -> None:
    """A module below `modules/`; what stands there stays."""
    made = sncompile(tmp_path, "new", "module", "sort", "--from", "sort {in:txt} -o {out:sorted:txt}")
    assert made.returncode == 0, made.stderr
    place = tmp_path / "modules" / "sort.yaml"
    before = place.read_bytes()
    again = sncompile(tmp_path, "new", "module", "sort", "--from", "other {out:x}")
    assert again.returncode == 2
    assert "would be overwritten" in again.stderr
    assert place.read_bytes() == before
    assert sncompile(tmp_path, "check", "modules/sort.yaml").returncode == 0
