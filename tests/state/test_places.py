"""What paths are called on every machine."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sncompile.state.places import Places

PARTS = st.sampled_from(("a", "b", "results", "there", "..", ".", "", "x y", ".hidden", "a:b", "c.d"))
RELATIVE = st.lists(PARTS, min_size=1, max_size=5).map("/".join).filter(lambda path: path.strip("/"))
PATHS = st.one_of(RELATIVE, RELATIVE.map(lambda path: "/" + path.lstrip("/")))


def called(path: str, roots: dict[str, str], folder: str) -> str:
    """The same by the definition: what a path begins with is named by the longest root that it lies in."""
    whole = os.path.normpath(os.path.join(folder, path))
    names = {folder: ".", **{os.path.normpath(os.path.join(folder, r)): f"{{{name}}}" for name, r in roots.items()}}
    around = [root for root in names if whole == root or whole.startswith(root.rstrip("/") + "/")]
    if not around:
        return whole
    root = max(around, key=len)
    return names[root] if whole == root else f"{names[root]}/{whole[len(root) :].lstrip('/')}"


@given(
    st.dictionaries(st.sampled_from(("one", "two", "three")), PATHS, max_size=3),
    st.sampled_from(("/there", "/there/a", "/")),
    st.lists(PATHS, min_size=1, max_size=6),
)
@example({"one": "results"}, "/there", ["x", "/x"])
@example({"one": "/a"}, "/", ["a/b", "a/b/c/d"])
@example({"one": "a/b"}, "/there", ["a/c/d", "a/b/c/d", "a/../a/b/c", "../there/a/b/c"])
def test_names_follow_their_definition(roots: dict[str, str], folder: str, paths: list[str]) -> None:
    """Whatever was named before, in whatever order, and many at once."""
    places = Places(roots, folder)
    names = [called(path, roots, folder) for path in paths]
    assert [places.name(path) for path in paths] == names
    assert Places(roots, folder).names(paths) == names


@pytest.mark.parametrize("paths", [["a/b/c", "a/b/d"], ["a/b", "a/b"], ["a/b/c", "a/d"], ["a", "a/b"], ["ab/x", "a/x"]])
@pytest.mark.parametrize("root", ["a", "a/b", "a/b/c", "b", "."])
def test_many_in_one_folder_are_named_as_each_is(root: str, paths: list[str]) -> None:
    roots = {"one": root}
    assert Places(roots, "/there").names(paths) == [called(path, roots, "/there") for path in paths]


def test_a_url_is_what_it_is() -> None:
    places = Places({"far": "s3://bucket/run", "near": "data"}, "/there")
    found = [places.name(path) for path in ("s3://bucket/run/a/b.txt", "https://host/a", "data/b.txt", "s3x/a:b")]
    assert found == ["{far}/a/b.txt", "https://host/a", "{near}/b.txt", "./s3x/a:b"]
