"""What is seen of files: by content, by times, through links, in directories."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sncompile.state.versions import ABSENT, FINE, Hashing, Looker, Stamp

LATER = 10**18 * 4
"""A time so late that every file is old."""


def looker(stamps: dict[str, Stamp] | None = None, hashing: Hashing = Hashing.SMALL) -> Looker:
    return Looker({} if stamps is None else stamps, hashing, lambda: LATER)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "f").write_text("one")
    return tmp_path / "f"


def test_a_changed_time_is_no_change_and_an_older_one_with_other_content_is(file: Path) -> None:
    found = looker().version(str(file))
    os.utime(file, (1, 1))
    assert looker().same(str(file), found)
    file.write_text("two")
    os.utime(file, (0, 0))
    assert not looker().same(str(file), found)


def test_a_file_whose_stamp_holds_is_not_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = looker()
    found = first.version(str(file))
    stamps = first.take_learned()
    monkeypatch.setattr("builtins.open", lambda *args, **named: pytest.fail("it was read"))
    assert looker(stamps).version(str(file)) == found


def test_a_young_file_gets_no_stamp(file: Path) -> None:
    """It may be written again in the same tick of the clock, with nothing that tells."""
    time = os.stat(file).st_mtime_ns
    for now, stamped in ((time, False), (time + FINE, False), (time + FINE + 1, True)):
        found = Looker({}, Hashing.SMALL, lambda now=now: now)  # type: ignore[misc]
        found.version(str(file))
        assert bool(found.learned) == stamped


def test_a_file_that_is_never_read_is_known_by_its_size_and_time(file: Path) -> None:
    found = looker(hashing=Hashing.NEVER).version(str(file))
    assert found == f"3~{os.stat(file).st_mtime_ns}"
    assert looker(hashing=Hashing.ALWAYS).version(str(file)).startswith("3:")
    os.utime(file, (5, 5))
    assert not looker(hashing=Hashing.NEVER).same(str(file), found)


def test_what_was_known_by_its_content_is_read_again_whatever_is_asked_for(file: Path) -> None:
    found = looker().version(str(file))
    os.utime(file, (5, 5))
    assert looker(hashing=Hashing.NEVER).same(str(file), found)


def test_what_was_known_by_its_time_holds_once_it_is_read(file: Path) -> None:
    """Whoever asks for more reading has nothing run again for that."""
    found = looker(hashing=Hashing.NEVER).version(str(file))
    reading = looker(hashing=Hashing.ALWAYS)
    assert reading.same(str(file), found)


def test_one_job_may_know_it_by_its_content_and_another_by_its_time(file: Path) -> None:
    """Whichever of them is looked at first."""
    known = [looker().version(str(file)), looker(hashing=Hashing.NEVER).version(str(file))]
    for several in (known, known[::-1]):
        seen = looker(hashing=Hashing.NEVER)
        assert [seen.same(str(file), each) for each in several] == [True, True]


def test_links_are_what_they_lead_to(file: Path) -> None:
    link, other = file.with_name("link"), file.with_name("other")
    other.write_text("two")
    link.symlink_to(file)
    found = looker().version(str(link))
    assert found == looker().version(str(file))
    link.unlink()
    link.symlink_to(other)
    assert not looker().same(str(link), found)
    other.unlink()
    assert looker().version(str(link)) == ABSENT


def test_directories_are_all_that_is_in_them(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "f").write_text("one")
    (folder / "nowhere").symlink_to("gone")
    (folder / "itself").symlink_to(folder)
    (folder / "ring").symlink_to("ring")

    def version() -> str:
        return looker().version(str(folder))

    found = version()
    for ignored in (".snakemake_timestamp", ".DS_Store", "a/.snakemake_timestamp"):
        (folder / ignored).touch()
    os.utime(folder / "a" / "f", (3, 3))
    assert version() == found
    seen = {found}
    for change in (
        lambda: (folder / "a" / "f").write_text("two"),
        lambda: (folder / "a" / "g").touch(),
        lambda: (folder / "a" / "f").rename(folder / "a" / "h"),
        lambda: (folder / "a" / "b").rmdir(),
        lambda: (folder / "nowhere").unlink(),
        lambda: (folder / "b").mkdir(),
        lambda: (folder / "a" / "loop").symlink_to(folder),
    ):
        change()
        seen.add(version())
    assert len(seen) == 8


def test_what_cannot_be_read_is_like_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found = looker().version(str(tmp_path / "pipe"))
    assert found.startswith("?")
    assert not looker().same(str(tmp_path / "pipe"), found)
    assert looker().same(str(tmp_path / "none"), ABSENT)


# --- Many files at once ---------------------------------------------------------------------------------------------


def touched(path: Path) -> None:
    os.utime(path, (1, 1))


def rewritten(path: Path) -> None:
    path.write_text("other")


def into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def closed(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)  # It leads to itself: an error that is not that it is not there.


@pytest.mark.parametrize("edit", [None, touched, rewritten, Path.unlink, into_folder, closed])
@pytest.mark.parametrize("known", ["stamped", "met", "learned", "not stamped"])
def test_lists_are_unchanged_where_each_of_their_files_is(
    known: str, edit: Callable[[Path], None] | None, tmp_path: Path
) -> None:
    """Whichever file it is that has changed, and whether it stands in one list or in several."""
    paths = [tmp_path / f"f{number}" for number in range(7)]
    for path in paths:
        path.write_text(path.name)
    first = looker()
    versions = {str(path): first.version(str(path)) for path in paths}
    stamps = first.take_learned() if known != "not stamped" else {}
    if edit is not None:
        edit(paths[3])
    at_once, by_one = looker(dict(stamps)), looker(dict(stamps))
    for each in (at_once, by_one):
        if known == "met":
            each.version(str(paths[3]))
        if known == "learned":
            rewritten(paths[5])
            each.version(str(paths[5]))
            each.forget()
    texts = list(map(str, paths))
    lists = [texts[:2], texts[3:4], texts[2:5], [], texts[3:], texts[:1], texts]
    held = [[versions[text] for text in each] for each in lists]
    found = [all(map(by_one.same, each, those)) for each, those in zip(lists, held, strict=True)]
    assert list(at_once.unchanged(zip(lists, held, strict=True))) == found
    assert found[1] == (edit in (None, touched))


def test_a_list_of_many_files_is_unchanged_but_for_its_last(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"f{number:04}") for number in range(1203)]
    for path in paths:
        Path(path).write_text("one")
    first = looker()
    versions = [first.version(path) for path in paths]
    stamps = first.take_learned()
    assert list(looker(stamps).unchanged([(paths, versions)])) == [True]
    Path(paths[-1]).write_text("two")
    assert list(looker(stamps).unchanged([(paths, versions), (paths[:1200], versions[:1200])])) == [False, True]


@pytest.mark.parametrize("version", ["?", "?13"])
def test_what_is_equal_to_nothing_is_so_to_everybody_who_asks(version: str, tmp_path: Path) -> None:
    """Whatever a state says: whether a job stays must not hang on which job asks first."""
    file = tmp_path / "file"
    file.write_text("one")
    first = looker()
    first.version(str(file))
    stamps = {path: (*stamp[:4], version) for path, stamp in first.take_learned().items()}
    assert list(stamps) == [str(file)]
    each = ([str(file)], [version])
    assert list(looker(stamps).unchanged([each, each])) == [False, False]


def test_a_device_is_what_it_is() -> None:
    found = looker().unchanged([(["/dev/null"], ["c"]), (["/dev/null"], ["5:0"])])
    assert list(found) == [True, False]
