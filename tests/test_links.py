"""What links lead to is shown to containers: by the run, and by the script that is emitted, which say the same."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from importlib.resources import files as package_files
from pathlib import Path

import pytest

from sncompile.runner.links import MOST_FILES, Lost, followed, of_images

Layout = Callable[[Path, Path], list[str]]
"""Lays links out, from a folder that is shown to a store that is not; gives the inputs."""


def _one(here: Path, store: Path) -> list[str]:
    (store / "A.tif").touch()
    (here / "A.tif").symlink_to(store / "A.tif")
    (here / "plain.tif").touch()
    return ["A.tif", "plain.tif"]


def _relative(here: Path, store: Path) -> list[str]:
    (store / "A.tif").touch()
    (here / "A.tif").symlink_to("../store/A.tif")
    (here / "beside.tif").symlink_to("A.tif")
    return ["beside.tif"]


def _chain(here: Path, store: Path) -> list[str]:
    (store / "last").mkdir()
    (store / "last" / "A.tif").touch()
    (store / "middle.tif").symlink_to("last/A.tif")
    (here / "A.tif").symlink_to(store / "middle.tif")
    return ["A.tif"]


def _folder(here: Path, store: Path) -> list[str]:
    (store / "plate" / "deep").mkdir(parents=True)
    (store / "plate" / "deep" / "A.tif").touch()
    (store / "other").mkdir()
    (store / "other" / "B.tif").touch()
    (store / "plate" / "B.tif").symlink_to(store / "other" / "B.tif")
    (here / "plate").symlink_to(store / "plate")
    return ["plate/deep/A.tif", "plate/B.tif"]


def _inside(here: Path, store: Path) -> list[str]:
    (here / "folder" / "deep").mkdir(parents=True)
    for name in ("A.tif", "B.tif"):
        (store / name).touch()
    (here / "folder" / "A.tif").symlink_to(store / "A.tif")
    (here / "folder" / "deep" / "B.tif").symlink_to(store / "B.tif")
    (here / "folder" / "self").symlink_to(".")
    return ["folder"]


def _many(here: Path, store: Path) -> list[str]:
    (store / "others").mkdir()
    for number in range(MOST_FILES + 5):
        (store / f"plate{number % 2}").mkdir(exist_ok=True)
        (store / f"plate{number % 2}" / f"{number}.tif").touch()
        (here / f"{number}.tif").symlink_to(store / f"plate{number % 2}" / f"{number}.tif")
    return [f"{number}.tif" for number in range(MOST_FILES + 5)]


def _many_links(here: Path, store: Path) -> list[str]:
    """Their folder has links again, which lead to another store."""
    far = store.parent / "far"
    for folder in (far, store / "plate"):
        folder.mkdir()
    for number in range(MOST_FILES + 5):
        (far / f"{number}.tif").touch()
        (store / "plate" / f"{number}.tif").symlink_to(far / f"{number}.tif")
        (here / f"{number}.tif").symlink_to(store / "plate" / f"{number}.tif")
    return [f"{number}.tif" for number in range(MOST_FILES + 5)]


def _strange(here: Path, store: Path) -> list[str]:
    (store / 'a "b", c:d\n').mkdir()
    (store / 'a "b", c:d\n' / "it's").touch()
    (here / "x y").symlink_to(store / 'a "b", c:d\n' / "it's")
    return ["x y"]


def _lost(here: Path, store: Path) -> list[str]:
    (here / "gone").symlink_to(store / "gone")
    (here / "usr").symlink_to("/usr/lib")
    (here / "ring").symlink_to("ring")
    return ["gone", "usr", "ring"]


LAYOUTS: tuple[Layout, ...] = (
    _one, _relative, _chain, _folder, _inside, _many, _many_links, _strange, _lost,
)  # fmt: skip


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.__name__.strip("_"))
def laid_out(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """The folder that is shown, and the inputs in it."""
    here, store = tmp_path / "here", tmp_path / "store"
    here.mkdir()
    store.mkdir()
    layout: Layout = request.param
    return here, [str(here / name) for name in layout(here, store)]


def resolved(path: str, shown: dict[str, str]) -> str | None:
    """Where a path leads in a container that is shown some places, as a kernel would go; None where nowhere."""
    at, rest, hops = "", path.strip("/").split("/"), 0
    while rest:
        part = rest.pop(0)
        if part in ("", "."):
            continue
        at = os.path.dirname(at) if part == ".." else f"{at}/{part}"
        home = max((target for target in shown if at == target or at.startswith(f"{target}/")), key=len, default=None)
        if home is None or at == home:
            continue
        real = shown[home] + at[len(home) :]
        if os.path.islink(real):
            hops += 1
            if hops > 40:
                return None
            target = os.readlink(real)
            at, rest = "" if target.startswith("/") else os.path.dirname(at), [*target.split("/"), *rest]
    home = max((target for target in shown if at == target or at.startswith(f"{target}/")), key=len, default=None)
    real = None if home is None else shown[home] + at[len(home) :]
    return os.path.realpath(real) if real is not None and os.path.exists(real) else None


def test_inputs_are_found_in_a_container(laid_out: tuple[Path, list[str]]) -> None:
    """What is there on the machine is there in a container, too; and without the mounts it is not."""
    here, inputs = laid_out
    mounts, lost = followed(inputs, [str(here)])
    shown = {str(here): str(here)} | {mount.target: mount.source for mount in mounts}
    told = {each.link for each in lost}
    for path in _with_entries(inputs):
        if not any(path.startswith(link) for link in told) and os.path.exists(path):
            assert resolved(path, shown) == os.path.realpath(path), path
    assert mounts or lost
    assert any(resolved(path, {str(here): str(here)}) is None for path in _with_entries(inputs))


def _with_entries(inputs: list[str]) -> list[str]:
    return [*inputs, *(entry.path for path in inputs if os.path.isdir(path) for entry in os.scandir(path))]


def test_many_files_share_their_folder(tmp_path: Path) -> None:
    here, store = tmp_path / "here", tmp_path / "store"
    here.mkdir()
    store.mkdir()
    mounts, _ = followed([str(here / name) for name in _many(here, store)], [str(here)])
    assert [(mount.source, mount.target) for mount in mounts] == [(str(store), str(store))]


def test_what_cannot_be_followed_is_told(tmp_path: Path) -> None:
    here, store = tmp_path / "here", tmp_path / "store"
    here.mkdir()
    store.mkdir()
    mounts, lost = followed([str(here / name) for name in _lost(here, store)], [str(here)])
    assert mounts == []
    assert {Lost(os.path.basename(each.link), each.why.split(",")[0]) for each in lost} == {
        Lost("gone", f"leads to `{store}/gone`"),
        Lost("usr", "leads to `/usr/lib`"),
        Lost("ring", "is a ring of links"),
    }


@pytest.mark.parametrize("folder", ["/", "/usr", "/usr/lib", "/etc/x", "/proc/1", "/tmp"])
def test_folders_of_images_are_not_hidden(folder: str) -> None:
    assert of_images(folder)
    assert not of_images(f"/store{folder}")


def test_the_emitted_script_shows_the_same(laid_out: tuple[Path, list[str]], tmp_path: Path) -> None:
    """`container.sh`, with an engine that only says what it is asked for."""
    here, inputs = laid_out
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "docker").write_text('#!/bin/bash\n[ "$1" = run ] || exit 0\nprintf "%s\\0" "$@" > "$TOLD"\n')
    (bin / "docker").chmod(0o755)
    script = tmp_path / "emitted" / "container.sh"
    script.parent.mkdir()
    tail = package_files("sncompile.templates").joinpath("support", "container.sh").read_text("utf-8")
    script.write_text(f"engine=docker\nwrite=()\nread=(here)\n{tail}")
    (tmp_path / "inputs").write_bytes(b"".join(f"{os.path.relpath(path, tmp_path)}\0".encode() for path in inputs))
    environment = {**os.environ, "PATH": f"{bin}:{os.environ['PATH']}", "TOLD": str(tmp_path / "told")}
    done = subprocess.run(
        ["bash", script, "--inputs", "inputs", "image", "tool"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "told").read_bytes().decode().split("\0")
    mounts, lost = followed(inputs, [str(here)])

    wanted = {_csv(mount.source, mount.target) for mount in mounts}
    found = {word for word in words if word.startswith("type=bind") and word.endswith(",readonly")}
    assert found - {_csv(str(here), str(here)), _csv(str(script.parent), str(script.parent))} == wanted
    told = {line.removeprefix("container.sh: ").partition(" ")[0] for line in done.stderr.splitlines()}
    assert told == {each.link for each in lost}


def _csv(source: str, target: str) -> str:
    first, second = (path.replace('"', '""') for path in (source, target))
    return f'type=bind,"source={first}","target={second}",readonly'
