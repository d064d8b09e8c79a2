"""Picture → a page of HTML that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sncompile import template_files
from sncompile.drawing.grouping import View
from sncompile.drawing.palette import SAYS
from sncompile.drawing.picture import Picture, Shape
from sncompile.drawing.scripts import script, source_hash
from sncompile.drawing.themed_svg import to_themed_views


def to_page(picture: Picture, views: Sequence[View]) -> str:
    """The page of a picture, with the views of it that a reader may choose among."""
    environment = template_files.environment(autoescape=True, trim_blocks=False, lstrip_blocks=False)
    bonds = {link.bond for link in picture.links}
    shapes = {node.shape for node in picture.nodes}
    own = script("graph/graph.js")
    return environment.get_template("graph/page.html").render(
        picture=picture,
        # Its texts are escaped where it is made.
        drawings=Markup(to_themed_views(views)),
        script=own,
        hash=source_hash(own),
        links=[(bond.value, says) for bond, says in SAYS.items() if bond in bonds],
        boxes=[shape.value for shape in Shape if shape in shapes],
    )
