"""Instances that columns name, and sheets that are made for jobs, with real engines."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program

from ..command_line import plain_snakemake, sncompile

CHAIN = """\
sncompile: 1
pipeline: years
data: {workspace: results}
tables: {years: {key: year, file: years.csv}}
steps:
  solve:
    by: year
    with: {before: "${lookup(solve.net, year=years.previous)}", year: "${year}", demand: "${years.demand}"}
    module:
      inputs: {before: {type: "file?"}}
      params: {year: {type: string}, demand: {type: string}}
      outputs: {net: {type: file, format: txt}}
      shell: |
        cat ${inputs.before} /dev/null > ${outputs.net}
        echo ${params.year} ${params.demand} >> ${outputs.net}
"""

ROWS = {"2021": ("2020", "a"), "2019": ("", "b"), "2022": ("2021", "c"), "2020": ("2019", "d")}


def _write(folder: Path, rows: dict[str, tuple[str, str]]) -> None:
    lines = [f"{year},{before},{demand}\n" for year, (before, demand) in rows.items()]
    (folder / "years.csv").write_text("year,previous,demand\n" + "".join(lines))


def _last(folder: Path) -> str:
    return (folder / "results" / "solve" / "2022" / "net.txt").read_text()


@pytest.mark.parametrize("level", [0, 2])
def test_a_chain_in_a_sheet_of_any_order(level: int, tmp_path: Path) -> None:
    """Plain Snakemake and bash do the jobs one after the other."""
    (tmp_path / "spec.yaml").write_text(CHAIN)
    _write(tmp_path, ROWS)
    for target, command in (("snakemake", None), ("bash", ["bash", "bash/run.sh", "-j", "2"])):
        options = CompileOptions(target=target, out=tmp_path / target, level=level)
        compile_program(check(tmp_path / "spec.yaml").require(), options).write()
        if command is None:
            plain_snakemake(tmp_path, "snakemake/Snakefile")
        else:
            subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        assert _last(tmp_path) == "2019 b\n2020 d\n2021 a\n2022 c\n"
        for path in tmp_path.glob("results/solve/*/net.txt"):
            path.unlink()


def test_a_deep_chain_is_planned_by_plain_snakemake(tmp_path: Path) -> None:
    """The last one is asked for first, so that Snakemake goes down the whole chain at once."""
    (tmp_path / "spec.yaml").write_text(CHAIN)
    _write(tmp_path, {str(n): (str(n - 1) if n else "", "x") for n in range(999, -1, -1)})
    assert sncompile(tmp_path, "compile", "spec.yaml", "-o", "out").returncode == 0
    command = [sys.executable, "-m", "snakemake", "--snakefile", "out/Snakefile", "--dry-run", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_what_follows_in_a_chain_runs_again(tmp_path: Path) -> None:
    """A change in the middle reaches what comes after it, and nothing before."""
    (tmp_path / "spec.yaml").write_text(CHAIN)
    _write(tmp_path, ROWS)
    assert sncompile(tmp_path, "run", "spec.yaml", "--cores", "2").returncode == 0
    assert "nothing: 4 jobs are current" in sncompile(tmp_path, "plan", "spec.yaml").stdout
    _write(tmp_path, ROWS | {"2020": ("2019", "new")})
    assert "1 job; 2 more may" in sncompile(tmp_path, "plan", "spec.yaml").stdout
    assert sncompile(tmp_path, "run", "spec.yaml", "--cores", "2").returncode == 0
    assert _last(tmp_path) == "2019 b\n2020 new\n2021 a\n2022 c\n"
    _write(tmp_path, ROWS | {"2020": ("", "new")})
    assert sncompile(tmp_path, "run", "spec.yaml", "--cores", "2").returncode == 0
    assert _last(tmp_path) == "2020 new\n2021 a\n2022 c\n"
    assert "nothing: 4 jobs are current" in sncompile(tmp_path, "plan", "spec.yaml").stdout
    (tmp_path / "results" / "solve" / "2021" / "net.txt").unlink()
    assert "1 job; 1 more may" in sncompile(tmp_path, "plan", "spec.yaml").stdout


SHEETS = """\
sncompile: 1
pipeline: sheets
data: {workspace: results}
tables: {fields: {key: [well, site], file: fields.csv, columns: {image: {type: file}}}}
steps:
  every:
    with:
      sheet:
        rows: &rows
          {W: "${fields.well}", S: "${fields.site}", "An image": "${fields.image}", N: "${fields.note}"}
    module: &copy
      inputs: {sheet: {type: file, format: csv}}
      outputs: {o: {type: file, format: csv}}
      command: [cp, "${inputs.sheet}", "${outputs.o}"]
  each: {by: well, batch: 2, with: {sheet: {rows: *rows}}, module: *copy}
"""

WELLS = ("A 1", 'B"2"', "C,3", "Ü'4", "$(touch pwned)")
HEADER = ["W", "S", "An image", "N"]


def _fields(count: int) -> list[list[str]]:
    return [
        [WELLS[n % len(WELLS)], str(n), f"raw/ö {n}, 'x'.tif", f'{n} "q" {{}} %s \\ `id`' + "\nb" * (n % 7 == 0)]
        for n in range(count)
    ]


@pytest.mark.parametrize("level", [0, 2])
def test_sheets_of_thousands_of_rows(level: int, tmp_path: Path) -> None:
    """With names as nobody should give them: what the tool reads is what the table says, cell by cell."""
    rows = _fields(3_000)
    (tmp_path / "raw").mkdir()
    for row in rows:
        (tmp_path / row[2]).touch()
    with (tmp_path / "fields.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["well", "site", "image", "note"], *rows])
    (tmp_path / "spec.yaml").write_text(SHEETS)
    for target in ("snakemake", "bash"):
        options = CompileOptions(target=target, out=tmp_path / target, level=level)
        compile_program(check(tmp_path / "spec.yaml").require(), options).write()
        if target == "snakemake":
            plain_snakemake(tmp_path, "snakemake/Snakefile")
        else:
            subprocess.run(["bash", "bash/run.sh"], cwd=tmp_path, check=True, capture_output=True)
        assert _read(tmp_path / "results" / "every" / "o.csv") == [HEADER, *rows]
        for well in WELLS:
            mine = [row for row in rows if row[0] == well]
            assert _read(tmp_path / "results" / "each" / well / "o.csv") == [HEADER, *mine]
        for path in tmp_path.glob("results/**/o.csv"):
            path.unlink()
    assert not (tmp_path / "pwned").exists()


def _read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_sheet_counts_in_what_runs_again(tmp_path: Path) -> None:
    """Its text, and the files that it names."""
    (tmp_path / "raw").mkdir()
    rows = _fields(10)
    for row in rows:
        (tmp_path / row[2]).touch()
    (tmp_path / "spec.yaml").write_text(SHEETS)

    def write() -> None:
        with (tmp_path / "fields.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([["well", "site", "image", "note"], *rows])

    write()
    assert sncompile(tmp_path, "run", "spec.yaml", "--cores", "2").returncode == 0
    assert "nothing: 6 jobs are current" in sncompile(tmp_path, "plan", "spec.yaml").stdout
    rows[3][3] = "another note"
    write()
    assert "to run   2 jobs" in sncompile(tmp_path, "plan", "spec.yaml").stdout
    rows[3][3] = _fields(10)[3][3]
    write()
    (tmp_path / rows[4][2]).write_text("another image")
    assert "to run   2 jobs" in sncompile(tmp_path, "plan", "spec.yaml").stdout
