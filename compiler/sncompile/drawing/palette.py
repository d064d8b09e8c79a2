"""The colours of a picture, the same in every form: dark on light, and apart in lightness for those who see no hue."""

from __future__ import annotations

from typing import NamedTuple

from sncompile.drawing.picture import Bond, Shape


class Paint(NamedTuple):
    """Of a box: its ground and its border."""

    fill: str
    line: str


INK = "#1c2733"
SOFT = "#5a6878"

BOXES = {
    Shape.STEP: Paint("#edf3fa", "#7f9fc4"),
    Shape.TABLE: Paint("#faf4e3", "#c9ad6c"),
    Shape.FILE: Paint("#f5f5f2", "#aeb0a8"),
    Shape.OUTPUT: Paint("#e8f4ea", "#7bb089"),
}

LINKS = {
    Bond.MAP: "#6b7b8e",
    Bond.BROADCAST: "#2f6db3",
    Bond.GATHER: "#b0581a",
    Bond.LINK: "#7a4fa3",
    Bond.ORDER: "#8c96a1",
}

SAYS = {
    Bond.MAP: "one job feeds one job",
    Bond.BROADCAST: "one job feeds many",
    Bond.GATHER: "many jobs feed one, as a list",
    Bond.LINK: "a column says which job feeds which",
    Bond.ORDER: "order alone, no data",
}
