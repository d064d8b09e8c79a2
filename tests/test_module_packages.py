"""`pkg:NAME/…`: modules of installed packages, which are found and never imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from sncompile.api import Checked, check, graph_of

MODULE = "{sncompile: 1, module: make, outputs: {o: {type: file}}, command: [make, '${outputs.o}']}"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages: `ours` is one that offers modules, `flat` a single file that claims to."""
    site = tmp_path / "site"
    (site / "ours_of_a_test" / "modules").mkdir(parents=True)
    (site / "ours_of_a_test" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (site / "ours_of_a_test" / "modules" / "make.yaml").write_text(MODULE)
    (site / "flat_of_a_test.py").write_text("raise SystemExit('imported')\n")
    about = site / "ours_of_a_test-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ours-of-a-test\nVersion: 1\n")
    offered = "ours = ours_of_a_test.modules\nflat = flat_of_a_test\ngone = gone_of_a_test\n"
    (about / "entry_points.txt").write_text(f"[sncompile.modules]\n{offered}")
    monkeypatch.syspath_prepend(str(site))
    return site


def checked(reference: str, folder: Path) -> Checked:
    """What is said of a spec with one step."""
    spec = folder / "project" / "spec.yaml"
    spec.parent.mkdir()
    spec.write_text(f'sncompile: 1\npipeline: main\nsteps: {{s: {{module: "{reference}"}}}}\n')
    return check(spec)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("reference", ["pkg:ours/make", "pkg:ours/make.yaml"])
def test_a_module_of_a_package_is_used(reference: str, tmp_path: Path) -> None:
    assert graph_of(checked(reference, tmp_path).require()).families["s"].module == "make"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("reference", "code", "told"),
    [
        ("pkg:our/make", "SN211", "no installed package offers modules as `our`"),
        ("pkg:flat/make", "SN211", "the package `flat_of_a_test` of `flat` has no folder"),
        ("pkg:gone/make", "SN211", "the package `gone_of_a_test` of `gone` has no folder"),
        ("pkg:ours/../../x", "SN212", "lies outside of the project's root"),
    ],
)
def test_what_leads_nowhere_is_told(reference: str, code: str, told: str, tmp_path: Path) -> None:
    (found,) = checked(reference, tmp_path).diagnostics
    assert found.code == code
    assert told in found.message


def test_a_module_of_a_package_has_its_files_beside_it(installed: Path, tmp_path: Path) -> None:
    """What it names is looked for in the package, and not in the project."""
    modules = installed / "ours_of_a_test" / "modules"
    (modules / "make.yaml").write_text(MODULE.replace("[make,", "[python3, \"${file('make.py')}\","))
    (modules / "make.py").write_text("")
    (modules / "more.yaml").write_text("{sncompile: 1, pipeline: more, steps: {s: {module: ./make.yaml}}}")
    found = checked("pkg:ours/more", tmp_path)
    assert found.diagnostics == ()
    assert sorted(found.require().modules) == ["pkg:ours/make.py", "pkg:ours/make.yaml", "pkg:ours/more.yaml"]
