"""Picture → DOT, the language of Graphviz."""

from __future__ import annotations

from html import escape

from sncompile.drawing.palette import BOXES, INK, LINKS, SOFT
from sncompile.drawing.picture import Bond, Link, Node, Picture, Shape

_FONT = "Helvetica,Arial,sans-serif"
_HEAD = f"""\
  graph [rankdir=TB, bgcolor="white", fontname="{_FONT}", nodesep=0.35, ranksep=0.45, pad=0.25, outputorder=edgesfirst];
  node [shape=plain, fontname="{_FONT}", fontsize=12, fontcolor="{INK}"];
  edge [fontname="{_FONT}", fontsize=9, arrowsize=0.65, penwidth=1.3];
"""
_STYLE = {
    Bond.MAP: "style=solid",
    Bond.BROADCAST: "style=solid, dir=both, arrowtail=dot",
    Bond.GATHER: "style=solid, penwidth=2.0",
    Bond.LINK: "style=solid, arrowhead=onormal",
    Bond.ORDER: "style=dashed, arrowhead=vee",
}


def to_dot(picture: Picture) -> str:
    """The picture as DOT text."""
    ids = {node.id: f"n{number}" for number, node in enumerate(picture.nodes)}
    lines = [f"digraph {_quoted(picture.name)} {{\n", _HEAD]
    lines += [f"  {ids[node.id]} [label={_box(node)}, tooltip={_quoted(node.tip)}];\n" for node in picture.nodes]
    lines += [f"  {ids[link.source]} -> {ids[link.target]} [{_link(link)}];\n" for link in picture.links]
    return "".join((*lines, "}\n"))


def _quoted(text: str) -> str:
    """A text for people inside of quotes, where entities are read, and escapes such as `\\N`."""
    return '"' + escape(text, quote=True).replace("\\", "\\\\") + '"'


def _html(text: str) -> str:
    """A text inside of an HTML-like label. Escapes are read there after entities, so a backslash is two of them."""
    return escape(text, quote=True).replace("\\", "&#92;&#92;")


def _box(node: Node) -> str:
    paint = BOXES[node.shape]
    style = 'STYLE="ROUNDED" BORDER="1"' if node.shape is not Shape.TABLE else 'BORDER="1"'
    rows = [f'<TR><TD ALIGN="CENTER"><B>{_cell(node.title)}</B></TD></TR>']
    rows += [_row(line, SOFT) for line in node.lines]
    rows += [_row(node.size, INK)] if node.size else []
    # The margin is generous, since a reader's font may be wider than the one that was measured.
    return (
        f'<<TABLE {style} CELLBORDER="0" CELLSPACING="0" CELLPADDING="2" BGCOLOR="{paint.fill}" COLOR="{paint.line}">'
        f'<TR><TD HEIGHT="3" FIXEDSIZE="FALSE"></TD></TR>{"".join(rows)}<TR><TD HEIGHT="3"></TD></TR></TABLE>>'
    )


def _row(text: str, color: str) -> str:
    return f'<TR><TD ALIGN="CENTER"><FONT POINT-SIZE="10" COLOR="{color}">{_cell(text)}</FONT></TD></TR>'


def _cell(text: str) -> str:
    return f"&#160;&#160;{_html(text) or '&#160;'}&#160;&#160;"


def _link(link: Link) -> str:
    color = LINKS[link.bond]
    parts = [f'color="{color}{"88" if link.quiet else ""}"', f'fontcolor="{color}"', _STYLE[link.bond]]
    if link.quiet:
        parts.append("penwidth=1.2")
    if link.label:
        parts.append(f"label={_quoted(f' {link.label} ')}")
    return ", ".join((*parts, f"edgetooltip={_quoted(link.tip)}", f"labeltooltip={_quoted(link.tip)}"))
