"""Pictures: what is drawn, and that no name breaks out of its form."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sncompile.api import check, graph_of
from sncompile.cli.main import cli
from sncompile.drawing.dot import to_dot
from sncompile.drawing.families import family_picture
from sncompile.drawing.mermaid import escaped, to_mermaid
from sncompile.drawing.picture import Bond, Picture, Shape
from sncompile.drawing.scripts import script, source_hash
from sncompile.drawing.single_jobs import job_picture

MODULE = """\
sncompile: 1
module: tool
title: TITLE
inputs: {a: {type: "file[]?"}, b: {type: "file?"}, c: {type: "file?"}}
outputs: {out: {type: file}}
command: [x, "${inputs.a}", "${inputs.b}", "${inputs.c}", "${outputs.out}"]
"""
SPEC = """\
sncompile: 1
pipeline: plate
title: TITLE
data: {workspace: results}
tables:
  fields: {rows: [ROWS], key: [well, site]}
steps:
  flat: {module: ./tool.yaml, with: {a: "${fields.path}", b: flat.tif}}
  correct: {module: ./tool.yaml, by: [well, site], with: {b: "${flat.out}", c: "${fields.path}"}}
  segment: {module: ./tool.yaml, by: [well, site], with: {b: "${correct.out}"}}
  measure: {module: ./tool.yaml, by: [well], with: {a: "${segment.out}"}}
  report: {module: ./tool.yaml, with: {a: "${measure.out}"}}
  mail: {module: ./tool.yaml, after: [report]}
outputs: {page: "${report.out}", letter: "${mail.out}"}
"""
ROWS = ", ".join(f"{{well: {w}, site: {s}, path: {w}{s}.tif}}" for w in ("A1", "A2") for s in (1, 2))
HOSTILE = """</TD>"<b>&amp;\\N ]);-->|end|`#quot;'<script>alert(1)</script>{{x}}${'$'}"""
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def written(folder: Path, *, title: str = "Plate", rows: str = ROWS) -> Path:
    """The spec with a title, in a folder."""
    quoted = "'" + title.replace("'", "''") + "'"
    (folder / "tool.yaml").write_text(MODULE.replace("TITLE", quoted), "utf-8")
    place = folder / "plate.yaml"
    place.write_text(SPEC.replace("TITLE", quoted).replace("ROWS", rows), "utf-8")
    return place


def picture(folder: Path, **changes: str) -> Picture:
    """The picture of the spec's families."""
    return family_picture(graph_of(check(written(folder, **changes)).require()))


def draw(*arguments: str | Path) -> Result:
    """`sncompile graph …`."""
    return CliRunner().invoke(cli, ["graph", *map(str, arguments)])


def test_links_say_how_keys_relate(tmp_path: Path) -> None:
    """Map, broadcast, gather with the keys gathered over, and order alone."""
    links = {(link.source, link.target): (link.bond, link.label) for link in picture(tmp_path).links}
    assert links["flat", "correct"] == (Bond.BROADCAST, "broadcast")
    assert links["correct", "segment"] == (Bond.MAP, "map")
    assert links["segment", "measure"] == (Bond.GATHER, "gather site")
    assert links["measure", "report"] == (Bond.GATHER, "gather well")
    assert links["report", "mail"] == (Bond.ORDER, "order")
    assert links["table:fields", "flat"] == (Bond.GATHER, "gather well, site")
    assert links["table:fields", "correct"] == (Bond.MAP, "map")
    assert links["report", "output:page"] == (Bond.MAP, "")
    assert ("table:fields", "segment") not in links


def test_boxes_say_what_they_stand_for(tmp_path: Path) -> None:
    boxes = {node.id: node for node in picture(tmp_path).nodes}
    assert boxes["segment"].size == "well, site × 4"
    assert boxes["report"].size == "1 job"
    assert boxes["table:fields"].shape is Shape.TABLE
    assert boxes["file:flat.tif"].shape is Shape.FILE
    assert boxes["output:page"].lines == ("results/report/out",)


def test_every_link_has_both_ends(tmp_path: Path) -> None:
    graph = graph_of(check(written(tmp_path)).require())
    for drawn in (family_picture(graph), job_picture(graph)):
        ids = [node.id for node in drawn.nodes]
        assert len(ids) == len(set(ids))
        assert {end for link in drawn.links for end in (link.source, link.target)} <= set(ids)


def test_single_jobs(tmp_path: Path) -> None:
    drawn = job_picture(graph_of(check(written(tmp_path)).require()))
    assert sum(node.shape is Shape.STEP for node in drawn.nodes) == 1 + 4 + 4 + 2 + 1 + 1
    into = [link.source for link in drawn.links if link.target == "measure/A1"]
    assert into == ["segment/A1/1", "segment/A1/2"]


def test_mermaid_is_on_standard_output(tmp_path: Path) -> None:
    ended = draw(written(tmp_path))
    assert ended.exit_code == 0
    assert ended.stdout.startswith("flowchart TB\n")
    assert '==>|"gather site"|' in ended.stdout
    assert '-.->|"order"|' in ended.stdout


def test_mermaid_escapes_hostile_text(tmp_path: Path) -> None:
    """Only what we put there is syntax: quotes come in pairs, and no tag but ours stands in a label."""
    text = to_mermaid(picture(tmp_path, title=HOSTILE))
    for line in text.splitlines():
        assert line.count('"') in (0, 2)
        assert set(re.findall(r"<[^>]*>", line)) <= {"<b>", "</b>", "<br/>"}
    assert escaped('"<`#') == "#34;#60;#96;#35;"


@needs_dot
@pytest.mark.parametrize(
    "title", ["Plate", HOSTILE, "plain \\N \\G \\", "zero-width \u200b and CJK 圖", "%%{init: {}}%%"]
)
def test_graphviz_takes_any_title(tmp_path: Path, title: str) -> None:
    """The picture is well-formed, and shows the title as it is."""
    out = tmp_path / "g.svg"
    ended = draw(written(tmp_path, title=title), "-o", out)
    assert ended.exit_code == 0, ended.output
    root = ElementTree.parse(out).getroot()
    shown = "".join(root.itertext()).replace("\u00a0", " ")
    assert re.sub(r"\s+", " ", title.strip())[:20] in re.sub(r"\s+", " ", shown)
    assert not [e for e in root.iter() if e.tag.endswith("script")]


def test_html_needs_nothing_beside_it(tmp_path: Path) -> None:
    """One file, no script but its own, nothing fetched; hostile text stays text."""
    out = tmp_path / "g.html"
    assert draw(written(tmp_path, title=HOSTILE), "-o", out).exit_code == 0
    seen = Seen()
    seen.feed(out.read_text("utf-8"))
    assert "svg" in seen.tags
    assert [text for text in seen.text if "use strict" in text] == [script("graph/graph.js")]
    assert f"script-src 'sha256-{source_hash(script('graph/graph.js'))}'" in out.read_text("utf-8")
    assert not {"link", "iframe", "img", "object"} & seen.tags
    assert all(value.startswith("#") or "w3.org" in value for value in seen.places)
    assert HOSTILE.split("$")[0][:12] in "".join(seen.text)


class Seen(HTMLParser):
    """What stands in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.places: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.places += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@needs_dot
def test_png(tmp_path: Path) -> None:
    out = tmp_path / "g.PNG"
    assert draw(written(tmp_path), "-o", out, "--jobs").exit_code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


def test_dot_is_the_same_every_time(tmp_path: Path) -> None:
    assert to_dot(picture(tmp_path)) == to_dot(picture(tmp_path))


def test_without_graphviz_there_is_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that needs `dot` says what to do; those that do not are written."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    ended = draw(written(tmp_path), "-o", tmp_path / "g.svg")
    assert ended.exit_code == 1
    assert "error[SN704]" in ended.stderr
    assert ".mmd" in ended.stderr
    assert not (tmp_path / "g.svg").exists()
    for name in ("g.mmd", "g.dot", "g.html"):
        assert draw(written(tmp_path), "-o", tmp_path / name).exit_code == 0


def test_an_unknown_form_ends_with_2(tmp_path: Path) -> None:
    ended = draw(written(tmp_path), "-o", "g.pdf")
    assert ended.exit_code == 2
    assert ".svg, .png, .html, .dot, .mmd" in ended.stderr


def test_too_many_jobs_are_not_drawn(tmp_path: Path) -> None:
    """Families of any size are drawn; single jobs only as far as somebody could read them."""
    rows = ", ".join(f"{{well: w{n}, site: 1, path: x{n}.tif}}" for n in range(1200))
    place = written(tmp_path, rows=rows)
    assert draw(place).exit_code == 0
    ended = draw(place, "--jobs")
    assert ended.exit_code == 2
    assert "too many to draw" in ended.stderr


def test_pictures_of_what_is_not_there(tmp_path: Path) -> None:
    """A folder that is missing ends the command with a line, not with a traceback."""
    ended = draw(written(tmp_path), "-o", tmp_path / "no" / "g.mmd")
    assert ended.exit_code == 1
    assert "cannot be written" in ended.stderr


def test_files_are_those_that_are_read(tmp_path: Path) -> None:
    """What a choice leaves out is no file, and neither is its test; names that can be computed are."""
    (tmp_path / "tool.yaml").write_text(MODULE.replace("TITLE", "Tool"), "utf-8")
    spec = tmp_path / "choices.yaml"
    spec.write_text(
        """\
sncompile: 1
pipeline: choices
params: {mask: {type: "path?"}, dark: {type: path, default: dark.tif}}
tables: {wells: {key: well, rows: [{well: A1}, {well: A2}]}}
steps:
  one:
    module: ./tool.yaml
    with: {b: "${params.mask if params.mask != null else null}", c: "${lower(params.dark)}.idx"}
  two: {module: ./tool.yaml, by: well, with: {b: "${'first.tif' if well == 'A1' else 'other.tif'}"}}
""",
        "utf-8",
    )
    found = family_picture(graph_of(check(spec).require()))
    files = [node.id for node in found.nodes if node.shape is Shape.FILE]
    assert files == ["file:dark.tif.idx", "file:first.tif", "file:other.tif"]
