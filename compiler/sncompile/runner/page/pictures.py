"""Pictures of a run's page: those that browsers show, and previews of the images of microscopes, which they do not."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SHOWN = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
    ".svg": "image/svg+xml",
}  # fmt: skip
"""What browsers show as a picture, in which nothing runs, by the ending."""

PREVIEWED = (".tif", ".tiff")
"""Images of which a page has a preview, where the packages for it are installed (`pip install 'sncompile[images]'`)."""

PREVIEW_KIND = "image/jpeg"

LARGEST = 1_000_000
"""So many bytes a picture may have to stand in the page."""

SIDE = 320
"""Pixels of a preview's longer side."""

_MOST_PIXELS = 100_000_000
"""Of an image with more of them, in its smallest form that is no smaller than a preview, none is made."""

_DARKEST, _BRIGHTEST = 0.5, 99.8
"""Percentiles of the pixels that are black and white in a preview: raw images use a small part of their range."""


def can_preview() -> bool:
    """Whether the packages are there that previews are made with."""
    return all(find_spec(name) is not None for name in ("numpy", "PIL", "tifffile"))


def picture(path: Path) -> str:
    """A small picture, or a preview, as the address that has it in itself; empty for anything else."""
    ending = path.suffix.lower()
    try:
        if not path.is_file():
            return ""
        if ending in PREVIEWED:
            return _address(PREVIEW_KIND, preview(path))
        if ending not in SHOWN or path.stat().st_size > LARGEST:
            return ""
        return _address(SHOWN[ending], path.read_bytes())
    except OSError:
        return ""


def _address(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if content else ""


def preview(path: Path) -> bytes:
    """A small JPEG of the first plane of an image; empty where none can be made. Raises `OSError`."""
    told = path.stat()
    return _preview(path, told.st_mtime_ns, told.st_size) if can_preview() else b""


@lru_cache(maxsize=256)
def _preview(path: Path, changed: int, size: int) -> bytes:
    """As `preview`; of a file that has not changed it is made once."""
    try:
        return _jpeg(_plane(path))
    except Exception:  # Whatever a library raises over a file that is damaged, or of a kind that it does not know.
        return b""


def _plane(path: Path) -> Any:
    """The pixels of the first plane: rows × columns, or with three colours behind them."""
    tifffile, numpy = import_module("tifffile"), import_module("numpy")
    with tifffile.TiffFile(path) as file:
        levels = [level.pages[0] for level in file.series[0].levels]
        fitting = [page for page in levels if max(page.imagelength, page.imagewidth) >= SIDE]
        page = min(fitting or levels[:1], key=lambda each: each.imagelength * each.imagewidth)
        if page.imagelength * page.imagewidth > _MOST_PIXELS:
            raise ValueError("too large for a preview")
        try:
            pixels = numpy.squeeze(page.asarray())
        except ValueError:  # Compressed in a way that needs further packages; Pillow knows the most usual ones.
            pixels = numpy.asarray(import_module("PIL.Image").open(path))
    if pixels.ndim == 3 and pixels.shape[0] in (3, 4) and pixels.shape[2] not in (3, 4):
        pixels = numpy.moveaxis(pixels, 0, -1)
    while pixels.ndim > 3 or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        pixels = pixels[0]
    return pixels[..., :3] if pixels.ndim == 3 else pixels


def _jpeg(pixels: Any) -> bytes:
    """Pixels of any type, as they are best seen."""
    numpy, image = import_module("numpy"), import_module("PIL.Image")
    step = max(1, max(pixels.shape[:2]) // (2 * SIDE))
    pixels = numpy.nan_to_num(pixels[::step, ::step].astype("float64"))
    dark, bright = numpy.percentile(pixels, (_DARKEST, _BRIGHTEST))
    # A mask, or points on a black ground: nearly all pixels are the same.
    dark, bright = (dark, bright) if bright > dark else (pixels.min(), pixels.max())
    scaled = numpy.clip((pixels - dark) / ((bright - dark) or 1.0), 0, 1) * 255
    made = image.fromarray(scaled.astype("uint8"))
    made.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    made.save(out, "JPEG", quality=85)
    return out.getvalue()
