"""`sncompile diff --git` in repositories of all kinds: of strangers, whose programs never run, and of honest people."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from sncompile.semantics.repositories.repository import Mirror, Refused, RevisionError, find

from ..command_line import Ended, sncompile
from ..hostile_repositories import OBSTACLES, PLAIN, TRAPS, Victim
from ..waiting import PATIENCE

pytestmark = [
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="the traps are scripts of a shell"),
]


@pytest.fixture
def victim(tmp_path: Path) -> Victim:
    """A project with two commits, which differ in a module's file."""
    return Victim(tmp_path / "project")


def diff(folder: Path, revision: str = "HEAD~1", spec: str = "spec.yaml") -> Ended:
    """`sncompile diff --git` in a process of its own, by somebody who says nothing to git."""
    done = sncompile(folder, "diff", f"--git={revision}", spec, env=PLAIN)
    return Ended(done.returncode, done.stdout, done.stderr)


DIFFERENCE = "the module's file `modules/flat.py`"


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_is_stepped_into(victim: Victim, name: str) -> None:
    """Whatever the settings of a repository are, nothing runs; without protection a program of the same one does."""
    trap = TRAPS[name]
    trap.lay(victim)
    assert not victim.canary.exists()
    ended = diff(victim.path, "HEAD~1" if trap.lacks else "main~1", trap.spec)
    assert not victim.canary.exists()
    if trap.lacks:
        assert (ended.code, ended.out) == (1, ""), ended.err
        assert "error[SN249]: `modules/flat.py` cannot be had at `HEAD~1`: it is not here" in ended.err
    else:
        assert ended.code in (0, 1), ended.err
        assert ended.out.startswith(f"main~1:{trap.spec} → {trap.spec}\n"), ended.err
    assert victim.spring(trap.step), "the trap is none"


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_stands_in_the_way(victim: Victim, name: str) -> None:
    """Pipes are not waited for, links not followed, and what is no repository is told."""
    obstacle = OBSTACLES[name]
    obstacle.lay(victim)
    ended = diff(victim.path)
    assert "Traceback" not in ended.err
    if obstacle.code is None:
        assert (ended.code, DIFFERENCE in ended.out) == (1, True), ended
    else:
        assert (ended.code, ended.out, f"error[{obstacle.code}]" in ended.err) == (1, "", True), ended


# --- Whose repository it is ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only the superuser may give files away")
def test_a_repository_of_somebody_else(victim: Victim, tmp_path: Path) -> None:
    """It is refused as git refuses it, until the user's own settings trust it; the help says how."""
    for path in (victim.path, victim.path / ".git"):
        os.chown(path, 54321, 54321)
    home = tmp_path / "home"
    home.mkdir()
    env = {**PLAIN, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}

    def ask() -> Ended:
        done = sncompile(victim.path, "diff", "--git=HEAD~1", "spec.yaml", env=env)
        return Ended(done.returncode, done.stdout, done.stderr)

    # What the repository itself says counts for nothing.
    with (victim.path / ".git" / "config").open("a") as settings:
        settings.write(f"[safe]\n\tdirectory = {victim.path}\n")
    refused = ask()
    assert (refused.code, refused.out, "error[SN246]" in refused.err) == (1, "", True), refused
    told = refused.err.partition("if you trust whoever it belongs to: `")[2].partition("`")[0]
    subprocess.run(told.split(), env=env, check=True)
    assert DIFFERENCE in ask().out
    (home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n\tdirectory =\n")
    assert "error[SN246]" in ask().err
    (home / ".gitconfig").write_text(f"[safe]\n\tdirectory = {victim.path.parent}/*\n")
    assert DIFFERENCE in ask().out


# --- Repositories of honest people --------------------------------------------------------------------------------


def _packed(victim: Victim) -> Path:
    victim.git("gc", "--quiet")
    return victim.path


def _worktree(victim: Victim) -> Path:
    victim.git("worktree", "add", "--quiet", "../other")
    return victim.path.parent / "other"


def _relative_worktree(victim: Victim) -> Path:
    place = _worktree(victim)
    (place / ".git").write_text("gitdir: ../project/.git/worktrees/other\n")
    return place


def _submodule(victim: Victim) -> Path:
    outer = Victim(victim.path.parent / "outer" / "project")
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(victim.path), "inner")
    assert (outer.path / "inner" / ".git").is_file()
    return outer.path / "inner"


def _shallow(victim: Victim) -> Path:
    victim.commit("three")
    place = victim.path.parent / "clone"
    victim.git("clone", "--quiet", "--depth=3", f"file://{victim.path}", str(place))
    return place


def _borrowing(victim: Victim) -> Path:
    place = victim.path.parent / "clone"
    victim.git("clone", "--quiet", "--shared", str(victim.path), str(place))
    assert (place / ".git" / "objects" / "info" / "alternates").exists()
    return place


def _elsewhere(victim: Victim) -> Path:
    victim.git("init", "--quiet", f"--separate-git-dir={victim.path.parent / 'elsewhere'}")
    assert (victim.path / ".git").is_file()
    return victim.path


def _linked(victim: Victim) -> Path:
    (victim.path / ".git").rename(victim.path.parent / "elsewhere")
    (victim.path / ".git").symlink_to("../elsewhere")
    return victim.path


def _split_index(victim: Victim) -> Path:
    victim.git("update-index", "--split-index")
    assert list((victim.path / ".git").glob("sharedindex.*"))
    return victim.path


def _sparse(victim: Victim) -> Path:
    victim.put("far/away/file.txt", "")
    victim.commit("three")
    victim.git("sparse-checkout", "set", "--cone", "--sparse-index", "modules")
    return victim.path


def _detached(victim: Victim) -> Path:
    victim.git("checkout", "--quiet", "--detach")
    return victim.path


def _compressed(victim: Victim) -> Path:
    victim.set(index__version="4")
    victim.git("update-index", "--force-write-index", "--index-version=4")
    victim.git("commit-graph", "write", "--reachable")
    victim.git("repack", "-a", "-d", "--quiet", "--write-midx")
    return victim.path


HONEST = [
    _packed, _worktree, _relative_worktree, _submodule, _shallow, _borrowing, _elsewhere, _linked, _split_index,
    _sparse, _detached, _compressed,
]  # fmt: skip


@pytest.mark.parametrize("made", HONEST, ids=lambda made: made.__name__.strip("_"))
def test_honest_repositories(victim: Victim, made: object) -> None:
    """However git keeps a repository, what is read is what git has."""
    assert callable(made)
    place = made(victim)
    revision = victim.git("-C", str(place), "rev-list", "HEAD").split()[-1]
    for name in (revision, revision[:8], "HEAD~1"):
        ended = diff(place, name)
        assert (ended.code, ended.err) == (0 if name == "HEAD~1" and made in (_shallow, _sparse) else 1, ""), ended
    found = Mirror(find(place), victim.path.parent / "mirror")
    listed = victim.git("-C", str(place), "-c", "core.quotePath=false", "ls-files")
    assert found.tracked() == set(listed.splitlines())


def test_objects_with_long_names(tmp_path: Path) -> None:
    """A repository of SHA-256 is known without its settings."""
    victim = Victim(tmp_path / "project", "--object-format=sha256")
    assert DIFFERENCE in diff(victim.path).out
    victim.git("gc", "--quiet")
    assert DIFFERENCE in diff(victim.path, victim.git("rev-parse", "main~1")).out


@pytest.fixture
def history(victim: Victim) -> Victim:
    """A repository with branches, tags, merges, a remote, a stash and logs."""
    victim.git("tag", "-a", "v1", "-m", "v1", "HEAD~1")
    victim.git("checkout", "--quiet", "-b", "side/branch", "HEAD~1")
    victim.put("other.txt", "")
    victim.commit("on the side")
    victim.git("checkout", "--quiet", "main")
    victim.git("merge", "--quiet", "--no-edit", "side/branch")
    clone = victim.path.parent / "clone"
    victim.git("clone", "--quiet", str(victim.path), str(clone))
    there = Victim.__new__(Victim)
    there.path, there.canary = clone, victim.canary
    there.git("fetch", "--quiet", "origin", "side/branch")
    there.put("spec.yaml", (clone / "spec.yaml").read_text() + "# Edited.\n")
    there.git("stash", "--quiet")
    there.git("checkout", "--quiet", "-b", "new", "origin/side/branch")
    there.git("checkout", "--quiet", "main")
    return there


REVISIONS = [
    "HEAD", "@", "HEAD~1", "HEAD^2", "HEAD^2~1", "main", "heads/main", "refs/heads/main", "origin", "origin/main",
    "origin/side/branch", "v1", "v1^{commit}", "tags/v1", "v1^0", "FETCH_HEAD", "ORIG_HEAD", "stash", "stash@{0}",
    "HEAD@{1}", "@{-1}", "main@{0}", ":/on the", "HEAD^{/one}", "HEAD^{/^on the}", "new", "HEAD:modules",
]  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
def test_revisions_are_those_of_git(history: Victim, tmp_path: Path, packed: bool) -> None:
    """Whatever git takes for a revision, is the same one here."""
    history.git("update-ref", "ORIG_HEAD", "HEAD~1")
    if packed:
        history.git("gc", "--quiet")
    wanted = {name: history.git("rev-parse", history.git("rev-parse", name) + "^{tree}") for name in REVISIONS}
    mirror = Mirror(find(history.path), tmp_path / "mirror")
    assert {name: mirror.tree_of(name) for name in REVISIONS} == wanted


@pytest.mark.parametrize(
    "revision",
    ["--all", "-h", "--exec-path=/x", "HEAD..main", "^HEAD", "HEAD\n", "nonsense", "HEAD:spec.yaml", ":/x y"],
)
def test_what_is_no_revision(history: Victim, tmp_path: Path, revision: str) -> None:
    """None of it is an option, a range, or a file."""
    with pytest.raises(RevisionError, match="is no revision"):
        Mirror(find(history.path), tmp_path / "mirror").tree_of(revision)


@pytest.mark.parametrize("revision", ["@{u}", "main@{upstream}", "@{PUSH}"])
def test_what_only_settings_know(history: Victim, tmp_path: Path, revision: str) -> None:
    """The name of the branch does as well, and the help says so."""
    with pytest.raises(Refused, match="settings") as told:
        Mirror(find(history.path), tmp_path / "mirror").tree_of(revision)
    assert "origin/main" in told.value.help
    assert "error[SN247]" in diff(history.path, revision).err


# --- What a commit may hold ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["../outside.py", "/etc/hostname", "other.py"])
def test_links_at_a_revision(victim: Victim, target: str) -> None:
    """They are told where they are used, wherever they lead."""
    victim.put("modules/other.py", "")
    (victim.path / "modules" / "flat.py").unlink()
    (victim.path / "modules" / "flat.py").symlink_to(target)
    victim.commit("three")
    (victim.path / "modules" / "flat.py").unlink()
    victim.put("modules/flat.py", "pass\n")
    ended = diff(victim.path, "HEAD")
    assert (ended.code, ended.out) == (1, "")
    assert "error[SN248]: `modules/flat.py` is a symbolic link at `HEAD`, which is not followed" in ended.err
    assert "HEAD:modules/flat.yaml:5" in ended.err


@pytest.mark.parametrize("linked", ["spec.yaml", "fields.tsv", "modules"])
def test_links_of_all_kinds(victim: Victim, linked: str) -> None:
    """A spec, a table, or a folder of modules; at the revision alone."""
    (victim.path / linked).rename(victim.path / "real")
    (victim.path / linked).symlink_to("real")
    victim.commit("three")
    (victim.path / linked).unlink()
    (victim.path / "real").rename(victim.path / linked)
    ended = diff(victim.path, "HEAD")
    assert (ended.code, ended.out, f"error[SN248]: `{linked}` is a symbolic link" in ended.err) == (1, "", True)


def test_a_submodule_at_a_revision(victim: Victim) -> None:
    """Which files it had is not known."""
    other = Victim(victim.path.parent / "other" / "project")
    shutil.rmtree(victim.path / "modules")
    victim.git("rm", "-r", "--quiet", "--cached", "modules")
    victim.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", str(other.path), "modules")
    victim.put("spec.yaml", (victim.path / "spec.yaml").read_text().replace("./modules", "./modules/modules"))
    victim.commit("three")
    ended = diff(victim.path, "HEAD")
    assert (ended.code, ended.out, "error[SN248]: `modules` is a submodule" in ended.err) == (1, "", True), ended


def test_links_that_nothing_uses(victim: Victim) -> None:
    """Are no matter."""
    (victim.path / "modules" / "link").symlink_to("/etc")
    victim.commit("three")
    assert diff(victim.path, "HEAD").code == 0


def test_the_help_for_links_works(victim: Victim) -> None:
    """Two working trees are compared as two folders are."""
    (victim.path / "fields.tsv").rename(victim.path / "real.tsv")
    (victim.path / "fields.tsv").symlink_to("real.tsv")
    victim.commit("three")
    told = diff(victim.path, "HEAD").err.partition("compare two working trees: `")[2]
    first, _, rest = told.partition("`")
    assert first.startswith("git ")
    victim.git(*first.split()[1:])
    command = rest.partition("`sncompile ")[2].partition("`")[0].replace("SPEC", "spec.yaml")
    assert sncompile(victim.path, *command.split(), env=PLAIN).returncode == 0


def write_object(victim: Victim, kind: bytes, content: bytes, size: int | None = None) -> str:
    """Write a loose object as it is, and as no git would."""
    header = kind + b" " + str(len(content) if size is None else size).encode() + b"\0"
    name = hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
    place = victim.path / ".git" / "objects" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(zlib.compress(header + content))
    return name


def _entry(mode: bytes, path: bytes, name: str) -> bytes:
    return mode + b" " + path + b"\0" + bytes.fromhex(name)


def test_trees_within_trees(victim: Victim) -> None:
    """Ten levels of ten stand for more files than there is room."""
    name = write_object(victim, b"tree", _entry(b"100644", b"f", write_object(victim, b"blob", b"")))
    for _ in range(10):
        name = write_object(victim, b"tree", b"".join(_entry(b"40000", b"%d" % n, name) for n in range(10)))
    victim.git("update-ref", "refs/heads/bomb", victim.git("commit-tree", "-m", "x", name))
    ended = diff(victim.path, "bomb")
    assert (ended.code, ended.out, "error[SN249]" in ended.err) == (1, "", True), ended


def test_large_files(victim: Victim) -> None:
    """Only those that are used are looked at; what is too large is told, and not even read."""
    bomb = write_object(victim, b"blob", b"", size=2**40)
    tree = victim.git("ls-tree", "HEAD").splitlines()
    entries = {line.split("\t")[1]: line for line in tree}

    def committed(name: str) -> str:
        lines = [line for path, line in entries.items() if path != name] + [f"100644 blob {bomb}\t{name}"]
        (victim.path.parent / "tree").write_text("\n".join(lines) + "\n")
        made = subprocess.run(
            ["git", "mktree", "--missing"], cwd=victim.path, stdin=(victim.path.parent / "tree").open(), check=True,
            capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        return victim.git("commit-tree", "-m", "x", made.stdout.strip())

    assert diff(victim.path, committed("unused.bin")).code == 0
    ended = diff(victim.path, committed("fields.tsv"))
    assert (ended.code, ended.out, "error[SN249]" in ended.err) == (1, "", True), ended
    assert "are too much" in ended.err


def test_paths_that_lead_out(victim: Victim, tmp_path: Path) -> None:
    """Such as no git makes, but somebody may: nothing is written anywhere."""
    blob = write_object(victim, b"blob", b"pwned")
    inner = write_object(victim, b"tree", _entry(b"100644", b"pwned.py", blob))
    rest = victim.git("ls-tree", "HEAD").splitlines()
    kept = sorted(
        (path.encode(), mode.encode().lstrip(b"0"), name)
        for (mode, _, name), path in ((line.split("\t")[0].split(), line.split("\t")[1]) for line in rest)
    )
    odd = [(b"..", b"40000", inner), (b"../pwned.py", b"100644", blob), (b"/tmp/pwned.py", b"100644", blob)]
    tree = write_object(victim, b"tree", b"".join(_entry(mode, path, name) for path, mode, name in [*odd, *kept]))
    commit = victim.git("commit-tree", "-m", "x", tree)
    spec = (victim.path / "spec.yaml").read_text()
    ended = diff(victim.path, commit)
    assert (ended.code, ended.err) == (0, ""), ended
    victim.put("spec.yaml", spec.replace("fields.tsv", "../pwned.py"))
    diff(victim.path, commit)
    assert not list(tmp_path.rglob("pwned*"))
