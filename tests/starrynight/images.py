"""A data set of real images, as the fixture of StarryNight's own tests has its files: 48 of them, made here.

One plate of three wells with four sites, Cell Painting once and three cycles of sequencing. Nuclei lie at the same
places in all images of a site; the sequencing has spots about them, whose colours spell barcodes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

BARCODES = {"one": "ACG", "two": "CGT", "three": "GTA", "four": "TAC"}
CP_CHANNELS = ("PhalloAF750", "ZO1-AF488", "DAPI")
SBS_CHANNELS = ("C", "A", "T", "G", "DAPI")
WELLS = {"A1": 0, "A2": 1025, "B1": 3075}
"""Each well with the number of its first image."""
SITES, CYCLES, SIZE = 4, 3, 256


def write_images(dataset: Path, wells: tuple[str, ...] = ("A1", "A2", "B1"), sites: int = SITES) -> Path:
    """Write the data set `dataset`, as a rule of 48 TIFF files of several pages (16 bits); gives its folder."""
    import numpy as np

    plate = dataset / "Source1" / "Batch1" / "images" / "Plate1"
    for well in wells:
        first = WELLS[well]
        for site in range(sites):
            make = _Site(np.random.default_rng([first, site]))
            name = f"Well{well}_Point{well}_{site:04d}_Channel{{}}_Seq{first + site:04d}.ome.tiff"
            _write(plate / "20X_CP_Plate1_20240319_122800_179" / name.format(",".join(CP_CHANNELS)), make.painting())
            for cycle in range(CYCLES):
                place = plate / f"20X_c{cycle + 1}_SBS-{cycle + 1}"
                _write(place / name.format(",".join(SBS_CHANNELS)), make.sequencing(cycle))
    return dataset


def write_barcodes(path: Path) -> Path:
    """The barcodes that the spots spell, as CallBarcodes reads them."""
    rows = [f"{barcode},{name}\n" for name, barcode in BARCODES.items()]
    path.write_text("sgRNA,gene_symbol\n" + "".join(rows), encoding="utf-8")
    return path


def _write(path: Path, pages: Any) -> None:
    import tifffile

    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, pages, metadata={"axes": "CYX"}, ome=True, photometric="minisblack")


class _Site:
    """What is to be seen at a site: about twenty cells, each with a few spots of one barcode."""

    def __init__(self, random: Any) -> None:
        import numpy as np

        self.random = random
        grid = np.arange(28, SIZE - 20, 50)
        places = np.array([(y, x) for y in grid for x in grid], dtype=float)
        self.cells = places + random.uniform(-8, 8, places.shape)
        names = list(BARCODES.values())
        self.codes = [names[random.integers(len(names))] for _ in self.cells]
        angles = random.uniform(0, 2 * np.pi, (len(self.cells), 4))
        self.spots = self.cells[:, None, :] + 13 * np.stack([np.sin(angles), np.cos(angles)], axis=-1)
        self.y, self.x = np.mgrid[0:SIZE, 0:SIZE].astype(float)

    def _blobs(self, places: Any, width: float) -> Any:
        """The sum of round bumps of height 1."""
        import numpy as np

        image = np.zeros((SIZE, SIZE))
        for y, x in places:
            image += np.exp(-((self.y - y) ** 2 + (self.x - x) ** 2) / (2 * width**2))
        return image

    def _pages(self, images: list[Any]) -> Any:
        """As a camera takes them: a dark level, noise, and less light towards the edges."""
        import numpy as np

        light = 1 - 0.4 * ((self.y / SIZE - 0.5) ** 2 + (self.x / SIZE - 0.5) ** 2)
        noisy = [image * light * 20000 + 1500 + self.random.normal(0, 60, image.shape) for image in images]
        return np.clip(np.stack(noisy), 0, 65535).astype(np.uint16)

    def painting(self) -> Any:
        """Pages of cell bodies, borders of cells and nuclei."""
        import numpy as np

        nuclei, bodies = np.minimum(self._blobs(self.cells, 5.5), 1), np.minimum(self._blobs(self.cells, 14), 1)
        return self._pages([bodies, np.abs(bodies - 0.5) * 0.8, nuclei])

    def sequencing(self, cycle: int) -> Any:
        """Pages of the four bases, and nuclei."""
        import numpy as np

        bodies = 0.05 * self._blobs(self.cells, 14)
        pages = []
        for base in SBS_CHANNELS[:4]:
            lit = [
                spot
                for spots, code in zip(self.spots, self.codes, strict=True)
                if code[cycle] == base
                for spot in spots
            ]
            pages.append(bodies + self._blobs(lit, 1.3))
        return self._pages([*pages, np.minimum(self._blobs(self.cells, 5.5), 1)])
