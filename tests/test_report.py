"""The page about a run: what it tells, that nothing in it is anybody's markup, and that it needs nothing beside it."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest

from sncompile.api import check, graph_of
from sncompile.drawing.families import family_picture
from sncompile.drawing.layered import layered
from sncompile.drawing.layout import lay_out
from sncompile.drawing.scripts import source_hash
from sncompile.drawing.themed_svg import to_themed_svg
from sncompile.runner.job_names import JobName
from sncompile.runner.measures import JobTime, Measure
from sncompile.runner.report import report_page
from sncompile.runner.timeline import MOST_BARS, timeline
from sncompile.runner.watch import Watch

from .command_line import sncompile

EXAMPLES = Path(__file__).parents[1] / "specs" / "examples"
TEMPLATES = Path(__file__).parents[1] / "templates"

SPEC = """\
sncompile: 1
pipeline: hostile
title: "<script>alert('title')</script> & \\"quotes\\""
description: "</style><img src=x onerror=alert(1)>"
data: {workspace: results}
params:
  label: {type: string, default: "</td><script>alert(2)</script>"}
  size: {type: integer, default: 3}
  kind: {type: string, default: plain}
tables:
  t: {key: [k], rows: [{k: "</td a"}, {k: "b&c"}, {k: "d'\\"e"}]}
steps:
  make:
    title: "<u>make</u>"
    by: [k]
    with: {k: "${k}", label: "${params.label}", size: "${params.size}", kind: "${params.kind}"}
    module:
      outputs: {o: {type: file, format: txt}}
      params:
        k: {type: string}
        label: {type: string}
        size: {type: integer}
        kind: {type: string}
        mode: {type: string, default: "a <mode>"}
      resources: {cpus: 1, memory: 100MB}
      shell: |
        echo "<script>alert('log')</script> "${params.k} ${params.mode} ${params.size} ${params.kind}
        printf '\\033[31mred\\033[0m \\001 ]]> </pre>\\n'
        if [ ${params.k} = 'b&c' ]; then echo "no <b>such</b> plate" >&2; exit 7; fi
        echo ${params.label} > ${outputs.o}
  join:
    module:
      inputs: {i: {type: "file[]"}}
      outputs: {o: {type: file}}
      command: [cp, "${inputs.i}", "${outputs.o}"]
    with: {i: "${make.o}"}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a pipeline whose every text is hostile; one of its jobs failed."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "params.json").write_text(json.dumps({"kind": "<u>kind</u>"}))
    options = ("--set", "size=5", "--params", "params.json", "--benchmark")
    ended = sncompile(folder, "run", "spec.yaml", "--cores", "2", "--keep-going", *options)
    assert ended.returncode == 3, ended.stderr
    return next((folder / "runs").iterdir())


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    """The page about it."""
    ended = sncompile(run, "report", run, "-o", "page.html")
    assert ended.returncode == 0, ended.stderr
    assert "page.html" in ended.stderr
    return (run / "page.html").read_text("utf-8")


class Parsed(HTMLParser):
    """The tags of a page, their attributes, where its links lead, its scripts and data, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}
        self.text += " "
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.text += data


def test_nothing_in_the_page_is_anybodys_markup(page: str) -> None:
    """Names, titles, keys, values and logs are text; no script but the page's own stands there, or is allowed to."""
    parsed = Parsed(page)
    assert parsed.tags.isdisjoint({"link", "iframe", "u", "object", "embed", "image", "use", "base", "form"})
    assert not {a for a in parsed.attributes if a.startswith("on")} | parsed.attributes & {"xlink:href", "srcset"}
    assert all(re.match(r"#|\.{1,2}/", link) for link in parsed.links)
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:; script-src 'sha256-" in page
    data, *scripts = parsed.scripts
    assert scripts == [(TEMPLATES / name).read_text() for name in ("graph/graph.js", "report/jobs.js")]
    assert all(source_hash(script) in page for script in scripts)
    assert not set("<>&") & set(data)
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)
    for text in ("<script>alert('title')</script> & \"quotes\"", "</style><img src=x onerror=alert(1)>", "<u>make</u>"):
        assert text in parsed.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", page)


def test_the_page_tells_what_failed(page: str) -> None:
    """The job, the place in the spec with its lines, the log's end without a terminal's colours."""
    text = Parsed(page).text
    assert "make for k=b&c failed: exit status 7" in text
    assert "<code>make</code> for k=b&amp;c failed" in page
    assert f"spec.yaml:{SPEC.split(chr(10)).index('  make:') + 1}" in text
    assert 'title: "<u>make</u>"' in text
    assert "<script>alert('log')</script> b&c" in text
    assert "red \\x01 ]]> </pre>" in text
    assert "no <b>such</b> plate" in text
    assert "2 of 3, 1 failed" in text


def test_every_parameter_has_its_origin(run: Path, page: str) -> None:
    """Default, spec, `--set` and `--params`, of the pipeline and of every step."""
    facts = json.loads((run / "facts.json").read_text())
    found = {(p["step"], p["name"]): (p["value"], p["origin"]) for p in facts["parameters"]}
    assert found == {
        (None, "label"): ("</td><script>alert(2)</script>", "default"),
        (None, "size"): (5, "--set"),
        (None, "kind"): ("<u>kind</u>", "--params"),
        (None, "data.workspace"): ("results", "spec"),
        ("make", "k"): ("${k}", "spec"),
        ("make", "label"): ("</td><script>alert(2)</script>", "spec"),
        ("make", "size"): (5, "spec"),
        ("make", "kind"): ("<u>kind</u>", "spec"),
        ("make", "mode"): ("a <mode>", "default"),
    }
    text = re.sub(r"\s+", " ", Parsed(page).text)
    assert "size 5 --set spec.yaml:8" in text
    assert "kind <u>kind</u> --params" in text


def test_the_page_has_times_and_versions(run: Path, page: str) -> None:
    """A timeline of every job, and what Snakemake ran with."""
    text = re.sub(r"\s+", " ", Parsed(page).text)
    assert len(re.findall(r'<i class="is-(?:done|failed)" style="left', page)) == 3
    assert "snakemake 9." in text
    assert "sncompile run spec.yaml --cores 2 --keep-going --set size=5" in text
    assert Watch(run).names.facts["outputs"]["join.o"]["paths"][0] in text


def test_the_page_has_what_snakemake_measured(tmp_path: Path, run: Path) -> None:
    """Memory and CPU time, from the files that it wrote of the two jobs that went well.

    Of a job that is over before it looks, Snakemake measures nothing: the numbers are put in here, below its names.
    """
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    files = [path for path in (copy / "benchmarks").rglob("*") if path.is_file()]
    assert len(files) == 2
    for number, path in enumerate(files, 1):
        names, values = (line.split("\t") for line in path.read_text("utf-8").splitlines())
        told = {**dict(zip(names, values, strict=True)), "max_rss": str(100.2 * number), "cpu_time": "61.0"}
        path.write_text("\t".join(names) + "\n" + "\t".join(told[name] for name in names) + "\n", "utf-8")
    text = re.sub(r"\s+", " ", Parsed(report_page(Watch(copy))).text)
    assert "most memory of a job 200 MB" in text
    assert re.search(r"200 MB 100 MB 2:02 min [\d.]+ 1 ", text)


def test_the_page_of_a_run_without_its_record_is_a_page(tmp_path: Path) -> None:
    """Somebody deleted half of it: what is left is told."""
    (tmp_path / "run.json").write_text('{"pipeline": "x", "started": 1.0}')
    assert "crashed" in report_page(Watch(tmp_path))


def test_what_was_found_in_the_data_is_shown(tmp_path: Path, run: Path) -> None:
    """Inferred values stand with their evidence, whatever is in them."""
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    facts = json.loads((copy / "facts.json").read_text())
    evidence = [{"value": "<x>", "rows": 3, "places": 5, "where": [{"well": "<b>A01"}]}]
    facts["inferred"] = [{"name": "n", "value": ["<x>"], "origin": "query", "evidence": evidence}]
    (copy / "facts.json").write_text(json.dumps(facts))
    assert "<x> query 3 rows well=<b>A01, 4 more" in re.sub(r"\s+", " ", Parsed(report_page(Watch(copy))).text)


# --- The drawing and the timeline -------------------------------------------------------------------------------------


def test_a_picture_without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every box stands below all that it needs, and none on another; every arrow leads from box to box."""
    picture = family_picture(graph_of(check(EXAMPLES / "variants" / "variants.yaml").require()))
    monkeypatch.setenv("PATH", "")
    layout = lay_out(picture)
    assert layout == layered(picture, {name: (b.width, b.height) for name, b in layout.boxes.items()})
    for link, curve in zip(picture.links, layout.curves, strict=True):
        source, target = layout.boxes[link.source], layout.boxes[link.target]
        assert source.y + source.height / 2 <= curve[0].y + 0.1 < curve[-1].y <= target.y - target.height / 2 + 0.1
    for one, other in combinations(layout.boxes.values(), 2):
        apart = abs(one.x - other.x) >= (one.width + other.width) / 2
        assert apart or abs(one.y - other.y) >= (one.height + other.height) / 2
    svg = to_themed_svg(picture)
    assert all(f">{node.title}</text>" in svg for node in picture.nodes)


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz")
def test_a_picture_with_graphviz_shows_the_same_boxes() -> None:
    picture = family_picture(graph_of(check(EXAMPLES / "variants" / "variants.yaml").require()))
    layout = lay_out(picture)
    assert set(layout.boxes) == {node.id for node in picture.nodes}
    assert all(0 <= box.x <= layout.width and 0 <= box.y <= layout.height for box in layout.boxes.values())
    assert len(layout.curves) == len(picture.links)


def job(step: str, start: float, end: float) -> JobTime:
    return JobTime(JobName(step, {}), 0, "done", start, end, 1, Measure(None, None))


def test_jobs_at_once_stand_in_lanes() -> None:
    """Bars of one lane never meet; a later job takes a lane that is free again."""
    rows, ticks = timeline(["s"], [job("s", 0, 4), job("s", 1, 2), job("s", 2, 3), job("s", 4, 5)])
    (row,) = rows
    assert [bar.lane for bar in row.bars] == [0, 1, 1, 0]
    assert (row.lanes, row.most) == (2, 2)
    assert [(bar.left, bar.width) for bar in row.bars] == [(0, 80), (20, 20), (40, 20), (80, 20)]
    assert [tick.seconds for tick in ticks] == [0, 1, 2, 3, 4, 5]


def test_very_many_jobs_are_drawn_as_a_crowd() -> None:
    """A hundred thousand jobs are one outline, whose page stays small."""
    rows, _ = timeline(["s"], [job("s", n / 128, n / 128 + 1) for n in range(100 * MOST_BARS)])
    assert (rows[0].bars, rows[0].most) == ((), 128)
    assert len(rows[0].crowd) < 10_000
