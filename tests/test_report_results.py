"""Outputs that are for people to look at (`report`): on the page about a run, and in the report of Snakemake."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy
import pytest
import tifffile
from PIL import Image

from sncompile.ir.graph.shown import Shown
from sncompile.runner.page import pictures, shown
from sncompile.runner.page.links import Links
from sncompile.runner.page.shown import shown_results
from sncompile.targets.snakemake.python_code import flat, string
from sncompile.targets.snakemake.report import _caption_text, reported

LINKS = Links("./", "./", "/", Path())


def facts(*paths: str, jobs: int | None = None) -> dict[str, Any]:
    """Facts of a run with one output."""
    files = [{"labels": {"well": path}, "path": path} for path in paths]
    shown = {"step": "plot", "port": "o", "category": "QC", "caption": "All.", "jobs": jobs or len(paths)}
    return {"shown": [{**shown, "files": files}]}


def test_small_pictures_stand_in_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are named; what is not there is said to be so, and a server is not asked."""
    (tmp_path / "a.png").write_bytes(b"x" * 9)
    (tmp_path / "large.png").write_bytes(b"x" * 99)
    (tmp_path / "a.html").write_bytes(b"<script>")
    monkeypatch.setattr(pictures, "LARGEST", 10)
    (output,) = shown_results(facts("a.png", "large.png", "a.html", "none.png", "s3://b/a.png"), tmp_path, LINKS)["QC"]
    assert [file.picture[:22] for file in output.files] == ["data:image/png;base64,", "", "", "", ""]
    assert [file.link for file in output.files] == ["./a.png", "./large.png", "./a.html", "", ""]
    assert [file.there for file in output.files] == [True, True, True, False, True]


def written(path: Path, pixels: Any, **how: Any) -> Path:
    tifffile.imwrite(path, pixels, **how)
    return path


def seen(path: Path) -> Any:
    """The pixels of a preview."""
    return numpy.asarray(Image.open(io.BytesIO(pictures.preview(path))))


def test_microscopes_images_have_previews(tmp_path: Path) -> None:
    """Browsers show no TIFF: a page has its first plane, small, from the darkest to the brightest that it holds."""
    wide = numpy.linspace(100, 900, 1000 * 500).reshape(500, 1000).astype("uint16")
    found = seen(written(tmp_path / "a.tif", wide))
    assert found.shape == (160, 320)
    assert found[:2].max() < 10
    assert found[-2:].min() > 245
    # Planes of a stack, colours before or behind the pixels, fractions with gaps, and a mask of few pixels.
    assert seen(written(tmp_path / "b.tiff", numpy.stack([wide, wide * 0]), photometric="minisblack")).max() > 250
    colors = numpy.stack([wide, wide // 2, wide * 0])
    assert seen(written(tmp_path / "c.tif", colors, photometric="rgb", planarconfig="separate")).shape == (160, 320, 3)
    gaps = numpy.where(wide > 500, numpy.nan, wide / 1000.0).astype("float32")
    assert seen(written(tmp_path / "d.tif", gaps)).max() > 250
    mask = numpy.zeros((400, 400), "uint8")
    mask[7, 7:60] = 1
    assert seen(written(tmp_path / "e.tif", mask)).max() > 50
    Image.fromarray((wide // 4).astype("uint8")).save(tmp_path / "f.tif", compression="tiff_lzw")
    assert seen(tmp_path / "f.tif").shape == (160, 320)


def test_of_a_pyramid_a_small_level_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its largest may be larger than what is read at all."""
    large = numpy.full((4096, 4096), 7, "uint8")
    with tifffile.TiffWriter(tmp_path / "a.ome.tif") as file:
        file.write(large, subifds=2)
        file.write(large[::4, ::4], subfiletype=1)
        file.write(large[::8, ::8] + 1, subfiletype=1)
    monkeypatch.setattr(pictures, "_MOST_PIXELS", 600 * 600)
    assert seen(tmp_path / "a.ome.tif").shape == (320, 320)
    written(tmp_path / "b.tif", large)
    assert pictures.preview(tmp_path / "b.tif") == b""


def test_what_is_no_image_has_no_preview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is made all the same, and without the packages for previews too."""
    (tmp_path / "damaged.tif").write_bytes(b"II*\0" + b"\xff" * 40)
    (tmp_path / "empty.tif").touch()
    (tmp_path / "folder.tif").mkdir()
    good = written(tmp_path / "good.tif", numpy.arange(100, dtype="uint8").reshape(10, 10))
    names = ("damaged.tif", "empty.tif", "folder.tif", "good.tif")
    (output,) = shown_results(facts(*names), tmp_path, LINKS)["QC"]
    assert [file.picture[:22] for file in output.files] == ["", "", "", "data:image/jpeg;base64"]
    monkeypatch.setattr(pictures, "can_preview", lambda: False)
    assert pictures.picture(good) == ""


def test_what_is_not_listed_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of what is written down and of further jobs."""
    monkeypatch.setattr(shown, "MOST_FILES", 2)
    (output,) = shown_results(facts("a", "b", "c", jobs=10), tmp_path, LINKS)["QC"]
    assert (len(output.files), output.more) == (2, 8)
    assert shown_results({}, tmp_path, LINKS) == {}


@pytest.mark.parametrize(
    ("caption", "written"),
    [
        ("{{ 1 }} {% x %}", r"\{\{ 1 \}\} \{\% x \%\}"),
        (".. include:: /etc/passwd", r"\.\. include\:\: \/etc\/passwd"),
        ("<b>`x`_ |y|", r"\<b\>\`x\`_ \|y\|"),
        ("a\u202eb", r"a\\u202eb"),
    ],
)
def test_a_caption_is_no_markup_and_no_template(caption: str, written: str) -> None:
    """Snakemake fills it in as a template of Jinja, and then reads it as reStructuredText."""
    assert _caption_text(caption) == written + "\n"


def test_labels_are_the_keys_and_what_is_said() -> None:
    """What is said counts more than a key of that name."""
    code = reported(string("o"), Shown("", "", (("well", "all"),)), "x.rst", {"well": "well", "site": "site_2"})
    assert flat(code) == 'report("o", labels=dict(well="all", site="{site_2}"))'
