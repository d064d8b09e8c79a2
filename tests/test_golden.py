"""Golden trees: what is emitted for the examples, byte for byte. `--accept` rewrites them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sncompile.api import CompileOptions, check, compile_program

ROOT = Path(__file__).parents[1]
GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = {
    "illumination": ROOT / "specs" / "examples" / "illumination",
    "tissue": ROOT / "specs" / "examples" / "tissue",
    "variants": ROOT / "specs" / "examples" / "variants",
    **{p.name: p for p in sorted((Path(__file__).parent / "engines" / "specs").iterdir())},
}

TILES = [f"{slide}/cycle{cycle}_tile{tile}" for slide in ("ash", "birch") for cycle in (1, 2) for tile in (1, 2, 3, 4)]

TREES = [
    # No pass runs where keys are known later, so all levels of `tissue` are one.
    *(("snakemake", name, level) for level in (0, 1, 2) for name in EXAMPLES if name != "tissue" or level == 0),
    # CWL has neither the GPUs of `kinds` nor its secrets in containers, nor keys that are known later.
    *(("cwl", name, 0) for name in EXAMPLES if name not in ("kinds", "tissue")),
    # It has neither images nor GPUs, nor such keys.
    *(("bash", name, 0) for name in EXAMPLES if name not in ("kinds", "tissue")),
]


def place_of(target: str, name: str, level: int) -> Path:
    """Where what is expected lies."""
    return GOLDEN / (target if level == 0 else f"{target}-O{level}") / name


def laid_out(name: str, folder: Path) -> Path:
    """The spec of an example in a folder of its own; a small plate stands in for the microscope's."""
    shutil.copytree(
        EXAMPLES[name], folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("images", "results", "build")
    )
    for image in TILES if name == "tissue" else ("A01_s1", "A01_s2", "B02_s1"):
        place = folder / "images" / f"{image}.tif"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return next(p for p in (folder / f"{name}.yaml", folder / "spec.yaml") if p.exists())


def emitted(target: str, name: str, level: int, folder: Path) -> dict[str, str]:
    """The text files that an example compiles to."""
    checked = check(laid_out(name, folder))
    assert not checked.failed, checked.diagnostics
    made = compile_program(checked.require(), CompileOptions(target=target, level=level))
    files = dict(made.emitted.files)
    if target == "bash":  # What is the same for every pipeline stands in the template.
        files["run.sh"] = files["run.sh"].partition(b"# --- What follows is the same")[0]
    return {n: data.decode() for n, data in files.items() if not n.startswith("files/")}


@pytest.mark.parametrize(("target", "name", "level"), TREES)
def test_the_emitted_tree_is_as_it_was(
    target: str, name: str, level: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Snakefile, sidecars, source map and profile; document, object and script."""
    found = emitted(target, name, level, tmp_path / name)
    place = place_of(target, name, level)
    if request.config.getoption("--accept"):
        shutil.rmtree(place, ignore_errors=True)
        for file, text in found.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text, encoding="utf-8", newline="")
    kept = {p.relative_to(place).as_posix(): p.read_bytes().decode() for p in place.rglob("*") if p.is_file()}
    assert found == kept


@pytest.mark.parametrize("target", ["snakemake", "cwl", "bash"])
def test_the_bytes_do_not_depend_on_where_and_how(target: str, tmp_path: Path) -> None:
    """The same bytes from another folder, with another hash seed, locale and time zone."""
    trees = []
    for number, (seed, locale, zone) in enumerate((("0", "C", "UTC"), ("7", "C.UTF-8", "Asia/Tokyo"))):
        folder = tmp_path / f"place {number}" / ("deep" if number else "")
        shutil.copytree(EXAMPLES["nonrect"], folder)
        here = folder if number else tmp_path
        subprocess.run(
            [sys.executable, "-m", "sncompile.cli.main", str((folder / "spec.yaml").relative_to(here)), "-t", target],
            check=True, cwd=here, capture_output=True,
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone, "PATH": ""},
        )  # fmt: skip
        out = folder / "build" / "nonrect"
        trees.append({p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert trees[0] == trees[1]
    assert trees[0]
