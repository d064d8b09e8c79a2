"""`sncompile diff --git`: a spec and its past."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from sncompile.api import check, check_at, diff, graph_of
from sncompile.semantics.program import Options
from sncompile.semantics.repositories.revision import RevisionError

from .folder import TABLE, Folder, call

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git_diff(*arguments: str) -> Any:
    """`sncompile diff --git HEAD spec.yaml …`."""
    return call("--git", "HEAD", "spec.yaml", *arguments)


def lines(ended: Any) -> list[str]:
    """The lines about steps."""
    return [line for line in ended.stdout.splitlines() if line[:1] in "~+->" and line]


@needs_git
@pytest.mark.parametrize("ignored", [[], ["images/"], ["images/", "fields.tsv"], ["images/", "modules/"]])
def test_nothing_differs_from_what_was_committed(now: Folder, ignored: list[str]) -> None:
    """Whatever of it git keeps track of: the rest is looked up where it stands."""
    now.commit(*ignored)
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (0, "HEAD:spec.yaml → spec.yaml\nno difference: 11 jobs\n")


@needs_git
@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("spec.yaml", "default: 2", "default: 3", "~  segment  6 of 6  parameter `sigma` 2 → 3, and 4 below it"),
        (
            "fields.tsv",
            "A2_1.tif\t10",
            "A2_1.tif\t11",
            "~  segment  1 of 6  parameter `area` 10 → 11 for segment/A2/1, and 2 below it",
        ),
        (
            "modules/segment.yaml",
            "--area",
            "--least",
            "~  segment  6 of 6  command `--area` → `--least`, and 4 below it",
        ),
        ("modules/flat.py", "pass", "0", "~  flat     1 of 1  the module's file `modules/flat.py`, and 10 below it"),
    ],
)
def test_what_was_edited_since(now: Folder, name: str, old: str, new: str, told: str) -> None:
    """In documents, tables and modules' files; committed or not."""
    now.commit()
    now.edit(name, old, new)
    assert lines(git_diff())[0] == told
    now.commit()
    assert git_diff().exit_code == 0
    assert lines(call("--git", "HEAD~1", "spec.yaml"))[0] == told


GLOB = 'fields: {glob: "${data.images}/{well}_{site}.tif", key: [well, site]}'


@needs_git
def test_files_that_a_pattern_finds(now: Folder) -> None:
    """Those that git keeps track of are those of the revision; others are where they stand, and did not come or go."""
    now.edit("spec.yaml", "fields: {file: fields.tsv, key: [well, site]}", GLOB)
    now.edit("spec.yaml", 'area: "${fields.area}"', "area: 1")
    now.put("images/.gitignore", "B*\n")
    now.commit()
    assert git_diff().exit_code == 0
    now.put("images/A3_1.tif", "")
    now.put("images/B3_1.tif", "")
    assert git_diff().exit_code == 0
    now.git("add", "images/A3_1.tif")
    assert _signed("+", git_diff()) == ["+ segment 1 of 8 segment/A3/1", "+ measure 1 of 5 measure/A3"]
    (now.path / "images" / "A1_1.tif").unlink()
    now.git("rm", "-q", "--cached", "images/A2_1.tif")
    assert _signed("-", git_diff()) == ["- segment 1 of 7 segment/A1/1"]


def _signed(sign: str, ended: Any) -> list[str]:
    """The lines of a sign, however wide the columns are."""
    return [" ".join(line.split()) for line in lines(ended) if line.startswith(sign)]


@needs_git
def test_a_table_by_a_data_root(now: Folder) -> None:
    """A table that is named from a data root is that of the revision too."""
    now.edit("spec.yaml", "file: fields.tsv", 'file: "${data.tables}/fields.tsv"')
    now.edit("spec.yaml", "data: {", "data: {tables: lists, ")
    now.put("lists/fields.tsv", TABLE)
    now.commit()
    now.edit("lists/fields.tsv", "A2_1.tif\t10", "A2_1.tif\t11")
    assert "parameter `area` 10 → 11" in git_diff().stdout


@needs_git
def test_a_spec_in_a_folder_of_a_repository(now: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen from anywhere, with options that are relative to where one stands."""
    inner = Folder(now.path / "some" / "project")
    inner.edit("spec.yaml", "mod: ./modules", "mod: ../../modules")
    shutil.rmtree(inner.path / "modules")
    now.commit()
    now.edit("modules/flat.py", "pass", "0")
    ended = call("--git", "HEAD", "some/project/spec.yaml", "--data", "images=images")
    assert lines(ended)[0].startswith("~  flat")
    monkeypatch.chdir(inner.path)
    ended = call("--git", "main", "spec.yaml")
    assert ended.stdout.startswith("main:some/project/spec.yaml → spec.yaml\n")
    monkeypatch.chdir(now.path.parent)
    assert call("--git", "main", "now/some/project/spec.yaml").exit_code == 1


@needs_git
def test_a_spec_that_was_called_otherwise(now: Folder) -> None:
    """Both names may be given."""
    now.commit()
    now.git("mv", "spec.yaml", "other.yaml")
    ended = call("--git", "HEAD", "other.yaml")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "error[SN001]: `other.yaml` is not there at `HEAD`" in ended.stderr
    assert "diff --git REVISION OLD NEW" in ended.stderr
    assert call("--git", "HEAD", "spec.yaml", "other.yaml").exit_code == 0


@needs_git
def test_a_module_that_was_not_there(now: Folder) -> None:
    """Errors of the past are told with the names that git has for its files."""
    now.commit()
    now.edit("spec.yaml", "params.sigma", "params.sgima")
    now.git("rm", "-q", "--cached", "modules/flat.yaml")
    now.git("commit", "-q", "-m", "two", "-a")
    now.git("add", "modules/flat.yaml")
    now.edit("spec.yaml", "params.sgima", "params.sigma")
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "--> HEAD:spec.yaml:" in ended.stderr
    assert "no file for `mod/flat` at `HEAD:modules/flat`" in ended.stderr
    assert "HEAD:spec.yaml: 2 errors" in ended.stderr
    assert str(Path(os.environ.get("TMPDIR", "/tmp")) / "sncompile-") not in ended.stderr


@needs_git
@pytest.mark.parametrize("revision", ["nonsense", "", "-x", "--all", "HEAD~7", "HEAD:spec.yaml", "a b", "\u00e9"])
def test_what_is_no_revision(now: Folder, revision: str) -> None:
    """Is a wrong command line, and never an option of git's."""
    now.commit()
    ended = call(f"--git={revision}", "spec.yaml")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"`{revision}` is no revision of the repository" in ended.stderr


@needs_git
def test_where_there_is_no_repository(now: Folder) -> None:
    """Is told too."""
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "is in no git repository" in " ".join(ended.stderr.split())
    ended = call("--git", "HEAD", "nowhere/spec.yaml")
    assert (ended.exit_code, ended.stdout) == (2, "")


@needs_git
def test_a_repository_without_commits(now: Folder) -> None:
    """Has no revision."""
    now.git("init", "-q")
    assert git_diff().exit_code == 2


@needs_git
def test_without_git(now: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It says so."""
    now.commit()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    ended = git_diff()
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "git is not installed" in ended.stderr


@needs_git
def test_the_repository_is_left_alone(now: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its index nor its files are touched, and nothing is left behind."""
    now.commit()
    now.edit("spec.yaml", "default: 2", "default: 3")
    now.put("new.txt", "")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def state() -> tuple[str, bytes, set[str]]:
        files = {str(p) for p in now.path.rglob("*") if ".git" not in p.parts}
        return now.git("status", "--porcelain"), (now.path / ".git" / "index").read_bytes(), files

    was = state()
    assert git_diff().exit_code == 1
    assert state() == was
    assert list(scratch.iterdir()) == []


@needs_git
def test_links_do_not_lead_out(now: Folder, tmp_path: Path) -> None:
    """A file beside the repository is not taken into the past by a link that git does not keep track of."""
    (tmp_path / "secret.py").write_text("0\n", "utf-8")
    now.commit("*.lnk.py")
    (now.path / "modules" / "x.lnk.py").symlink_to(tmp_path / "secret.py")
    now.edit("modules/flat.yaml", "flat.py", "x.lnk.py")
    now.git("commit", "-q", "-a", "-m", "two")
    ended = git_diff()
    assert ended.exit_code == 1
    assert "HEAD:modules/flat.yaml" in ended.stderr


@needs_git
def test_a_path_through_a_link(now: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository may be reached by another name."""
    now.commit()
    (tmp_path / "link").symlink_to(now.path)
    monkeypatch.chdir(tmp_path / "link")
    now.edit("modules/flat.py", "pass", "0")
    assert lines(git_diff())[0].startswith("~  flat")


@needs_git
def test_the_python_interface(now: Folder) -> None:
    """`check_at` gives what was, while its context lasts."""
    now.commit()
    now.edit("spec.yaml", "default: 2", "default: 3")
    with check_at("HEAD", "spec.yaml", Options(sets={"sigma": "3"})) as then:
        assert then.name == "HEAD:spec.yaml"
        found = diff(graph_of(then.require()), graph_of(check("spec.yaml").require()))
    assert not found.differs
    with pytest.raises(RevisionError), check_at("nonsense", "spec.yaml"):
        pass
