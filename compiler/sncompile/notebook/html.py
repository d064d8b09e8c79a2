"""Pieces of HTML for notebooks, in the colours of whatever page they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files

from sncompile.diagnostics import Diagnostic
from sncompile.diagnostics.text import visible

_STYLE = """
.sn-show { font: 13px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: inherit; max-width: 72rem; }
.sn-show .sn-graph .sn-label rect { opacity: 0; }
.sn-show p { margin: .25rem 0; }
.sn-show .sn-figure { overflow: auto; margin: .4rem 0; max-height: 44rem; }
.sn-show .sn-figure svg { max-width: none !important; margin: 0 !important; }
.sn-show summary { cursor: pointer; }
.sn-show h4 { margin: .2rem 0; font-size: 15px; }
.sn-show .sn-soft { opacity: .65; }
.sn-show table { border-collapse: collapse; margin: .4rem 0; font-size: 12.5px; }
.sn-show th, .sn-show td { text-align: left !important; padding: .22rem .9rem .22rem 0 !important;
  border: 0 !important; border-bottom: 1px solid rgba(127,127,127,.25) !important; background: none !important; }
.sn-show td:last-child { overflow-wrap: anywhere; }
.sn-show th { opacity: .65; font-weight: 600; }
.sn-show .sn-num { text-align: right !important; font-variant-numeric: tabular-nums; }
.sn-show pre { font-size: 12px; line-height: 1.4; white-space: pre-wrap; margin: .3rem 0; padding: .5rem .7rem;
  border-left: 3px solid rgba(127,127,127,.5); background: rgba(127,127,127,.08); color: inherit; }
.sn-show pre.sn-error { border-color: #c8322f; } .sn-show pre.sn-warning { border-color: #b0771a; }
.sn-show pre.sn-remark { border-color: #2a7f9e; }
.sn-show .sn-track { display: inline-flex; width: 12rem; height: 6px; border-radius: 3px; overflow: hidden;
  background: rgba(127,127,127,.25); vertical-align: middle; }
.sn-show .sn-track i { display: block; }
.sn-show .sn-track .sn-is-done { background: #2e8b57; } .sn-show .sn-track .sn-is-running { background: #2f6db3; }
.sn-show .sn-track .sn-is-failed { background: #c8322f; } .sn-show .sn-track .sn-is-stopped { background: #b0771a; }
.sn-show .sn-badge { padding: .05rem .6rem; border-radius: 99px; color: #fff; font-weight: 600; background: #6b7b8e; }
.sn-show .sn-badge.sn-is-done { background: #2e8b57; } .sn-show .sn-badge.sn-is-running { background: #2f6db3; }
.sn-show .sn-badge.sn-is-failed, .sn-show .sn-badge.sn-is-crashed { background: #c8322f; }
.sn-show .sn-badge.sn-is-cancelled { background: #b0771a; }
/* Notebooks choose their theme by themselves, whatever the system's is. */
body[data-jp-theme-light="false"] .sn-show, .vscode-dark .sn-show, html[theme="dark"] .sn-show { COLOURS }
"""


def text(value: object) -> str:
    """Somebody else's text as HTML."""
    return escape(visible(str(value)), quote=True)


def framed(*parts: str) -> str:
    """Parts as one block, with the style that they need."""
    return f'<div class="sn sn-light sn-show"><style>{style()}</style>{"".join(parts)}</div>'


def style() -> str:
    """The style sheet: the graph's colours, light unless the notebook says that it is dark, and the blocks' own."""
    css = files("sncompile.templates").joinpath("graph/themed.css").read_text("utf-8")
    dark = css[css.index(".sn-dark {") + len(".sn-dark {") :]
    return css + _STYLE.replace("COLOURS", dark[: dark.index("}")])


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[int] = ()) -> str:
    """A table; `right` are columns of numbers."""

    def line(cells: Sequence[object], tag: str) -> str:
        shown = (f"<{tag}{' class=sn-num' if n in right else ''}>{text(cell)}</{tag}>" for n, cell in enumerate(cells))
        return f"<tr>{''.join(shown)}</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


def diagnostics(found: Sequence[Diagnostic], sources: dict[str, str]) -> str:
    """Diagnostics, each as its text."""
    from sncompile.diagnostics.text import TextRenderer

    renderer = TextRenderer(sources)
    return "".join(f'<pre class="sn-{d.severity.value}">{escape(renderer.render([d]))}</pre>' for d in found)
