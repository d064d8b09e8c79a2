"""Graphs of large pipelines: how they are grouped, and, in a real browser, moved, zoomed, searched and opened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.drawing.families import family_picture
from sncompile.drawing.grouping import View, groups_of, views_of
from sncompile.drawing.layered import layered
from sncompile.drawing.page import to_page
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape

from .browser import Browser, browser, needs_chromium

INNER = """\
sncompile: 1
pipeline: inner
inputs: {i: {type: file}}
steps:
  one: {with: {i: "${inputs.i}"}, module: ./copy.yaml}
  two: {with: {i: "${one.o}"}, module: ./copy.yaml}
outputs: {o: "${two.o}"}
"""
COPY = """\
sncompile: 1
module: copy
inputs: {i: {type: file}}
outputs: {o: {type: file}}
command: [cp, "${inputs.i}", "${outputs.o}"]
"""


def large(folder: Path, chains: int = 60) -> Picture:
    """The picture of a pipeline with a nested one, and of chains of five steps that are numbered."""
    (folder / "inner.yaml").write_text(INNER)
    (folder / "copy.yaml").write_text(COPY)
    lines = ["sncompile: 1", "pipeline: large", "steps:", "  raw: {with: {i: raw.txt}, module: ./copy.yaml}"]
    lines += ['  pcp: {with: {i: "${raw.o}"}, module: ./inner.yaml}']
    for chain in range(chains):
        before = "pcp.o"
        for name in ("draw", "scale", "shift", "trim", "count"):
            lines.append(f'  {name}_{chain:02d}: {{with: {{i: "${{{before}}}"}}, module: ./copy.yaml}}')
            before = f"{name}_{chain:02d}.o"
    (folder / "spec.yaml").write_text("\n".join(lines) + "\n")
    (folder / "raw.txt").touch()
    return family_picture(graph_of(check(folder / "spec.yaml").require()))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Picture:
    return large(tmp_path_factory.mktemp("large"))


def titles(view: View) -> set[str]:
    """What the boxes of steps are called."""
    return {node.title for node in view.picture.nodes if node.shape is Shape.STEP}


def test_three_hundred_steps_are_seven_boxes(picture: Picture) -> None:
    """A nested pipeline is one, and so are steps whose names differ in numbers; links between them are one each."""
    overview, *rest = views_of(picture)
    assert titles(overview) == {"raw", "pcp", "draw_#", "scale_#", "shift_#", "trim_#", "count_#"}
    assert [view.title for view in rest] == [
        "pcp",
        "draw_#",
        "scale_#",
        "shift_#",
        "trim_#",
        "count_#",
        *_outputs(picture),
        "all steps",
    ]
    links = {(link.source, link.target) for link in overview.picture.links}
    assert ("group:pcp", "group:draw_#") in links
    assert len(links) == len(overview.picture.links)


def _outputs(picture: Picture) -> list[str]:
    return ["output count_#.o"] if any(node.shape is Shape.OUTPUT for node in picture.nodes) else []


def test_a_groups_view_has_its_inside_and_what_is_linked_to_it(picture: Picture) -> None:
    views = {view.id: view for view in views_of(picture)}
    assert titles(views["group:pcp"]) == {"raw", "pcp.one", "pcp.two", "draw_#"}
    assert titles(views["group:trim_#"]) == {"shift_#", "count_#", *(f"trim_{n:02d}" for n in range(60))}
    assert views["all"].picture == picture


def test_steps_that_feed_each_other_are_no_group(tmp_path: Path) -> None:
    """Twenty numbered steps in a row are twenty steps."""
    (tmp_path / "copy.yaml").write_text(COPY)
    (tmp_path / "raw.txt").touch()
    links = ["raw.txt", *(f'"${{s{n}.o}}"' for n in range(19))]
    steps = "".join(f"  s{n}: {{with: {{i: {link}}}, module: ./copy.yaml}}\n" for n, link in enumerate(links))
    (tmp_path / "spec.yaml").write_text(f"sncompile: 1\npipeline: row\nsteps:\n{steps}")
    row = family_picture(graph_of(check(tmp_path / "spec.yaml").require()))
    assert [view.picture for view in views_of(row)] == [row]


def test_groups_know_their_steps(picture: Picture) -> None:
    assert groups_of(picture)["group:pcp"] == ["pcp.one", "pcp.two"]


def test_a_small_pipeline_is_drawn_as_a_whole(tmp_path: Path) -> None:
    small = large(tmp_path, chains=1)
    assert [view.picture for view in views_of(small)] == [small]


def test_groups_that_feed_each_other_are_laid_out_without_graphviz() -> None:
    """a.1 → b.1 → a.2: as groups they are a ring."""
    nodes = tuple(Node(name, Shape.STEP, name, (), "", name) for name in "abc")
    links = tuple(Link(one, other, Bond.MAP, "", "", False) for one, other in ("ab", "ba", "bc", "ca"))
    layout = layered(Picture("p", "p", "", nodes, links), dict.fromkeys("abc", (90.0, 40.0)))
    assert layout.boxes["a"].y < layout.boxes["b"].y < layout.boxes["c"].y
    assert len(layout.curves) == 4


# --- In a browser -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, picture: Picture) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "graph.html").write_text(to_page(picture, views_of(picture)))
    with browser(folder) as found:
        found.open(f"file://{folder}/graph.html")
        yield found
        assert found.troubles == []


SEEN = "svg.sn-graph:not([hidden])"
VIEWS = ".sn-view select"


def seen(page: Browser) -> str:
    """The id of the view that is seen."""
    (found,) = page.value(f"[...document.querySelectorAll('{SEEN}')].map((e) => e.dataset.view)")
    assert isinstance(found, str)
    return found


@needs_chromium
def test_the_overview_is_seen_as_a_whole_and_can_be_read(reader: Browser) -> None:
    reader.choose(VIEWS, "overview")
    assert seen(reader) == "overview"
    assert reader.box(f"{SEEN} .sn-title")[3] > 8
    assert reader.value("document.documentElement.scrollWidth <= window.innerWidth")


@needs_chromium
def test_a_group_opens_and_a_step_shows_what_it_needs(reader: Browser) -> None:
    """What is neither needed by it nor needs it steps back."""
    reader.choose(VIEWS, "overview")
    reader.click(f"{SEEN} [data-id='group:trim_#'] rect")
    assert seen(reader) == "group:trim_#"
    reader.click(f"{SEEN} [data-id='trim_41'] rect")
    assert reader.texts(".sn-view .sn-says[aria-live]") == ["needs 1, needed by 1"]
    assert reader.texts(f"{SEEN} .sn-node:not(.sn-far) .sn-title") == ["shift_#", "count_#", "trim_41"]


@needs_chromium
def test_a_step_that_is_hidden_in_a_group_is_found(reader: Browser) -> None:
    """The whole is opened, and the step stands in the middle, large enough to be read."""
    reader.choose(VIEWS, "overview")
    reader.write(".sn-view input", "trim_41")
    assert seen(reader) == "all"
    assert reader.texts(".sn-found .sn-title") == ["trim_41"]
    (x, y, width, height), (left, top, wide, high) = reader.box(".sn-found .sn-box"), reader.box(SEEN)
    assert (x + width / 2, y + height / 2) == pytest.approx((left + wide / 2, top + high / 2), abs=3)
    assert width > 80
    reader.write(".sn-view input", "")


@needs_chromium
def test_it_is_zoomed_and_moved(reader: Browser) -> None:
    reader.choose(VIEWS, "all")
    first = f"{SEEN} .sn-box"
    left, _, before, _ = reader.box(first)
    reader.click(".sn-view button[aria-label=larger]")
    assert reader.box(first)[2] == pytest.approx(1.4 * before, rel=0.01)
    left = reader.box(first)[0]
    reader.press(".sn-view", "ArrowRight")
    assert reader.box(first)[0] == pytest.approx(left - 60, abs=1)
    reader.click(".sn-view button[aria-label='the whole']")
    assert reader.box(first)[2] == pytest.approx(before, rel=0.01)
