"""Picture → a page of HTML that needs nothing beside it."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sncompile.drawing.palette import BOXES, INK, LINKS, SAYS, SOFT
from sncompile.drawing.picture import Picture, Shape

_PROLOG = re.compile(r"\A.*?(?=<svg\b)", re.DOTALL)


def to_page(picture: Picture, svg: str) -> str:
    """The page; `svg` is the picture as Graphviz drew it."""
    environment = Environment(
        loader=FileSystemLoader(str(files("sncompile.templates"))), autoescape=True, undefined=StrictUndefined
    )
    bonds = {link.bond for link in picture.links}
    shapes = {node.shape for node in picture.nodes}
    return environment.get_template("graph/page.html").render(
        picture=picture,
        svg=_PROLOG.sub("", svg),
        ink=INK,
        soft=SOFT,
        links=[(bond.value, color, SAYS[bond]) for bond, color in LINKS.items() if bond in bonds],
        boxes=[(shape.value, BOXES[shape]) for shape in Shape if shape in shapes],
    )
