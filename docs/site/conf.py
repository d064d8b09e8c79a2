"""Settings of the documentation site. `make docs` builds it; the pages are those of the repository, as they stand.

The source folder is the repository, so that links between pages, examples and files are the same on the site, in a
checkout and where the repository is hosted.
"""

from __future__ import annotations

import sncompile

project = "sncompile"
version = release = sncompile.__version__
copyright = "the authors of sncompile"

root_doc = "docs/index"
include_patterns = [
    "docs/**",
    "specs/examples/README.md",
    "specs/examples/*/README.md",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "CODE_OF_CONDUCT.md",
    "SECURITY.md",
]
# Without these, every folder of the repository would be walked through.
exclude_patterns = ["docs/notebooks/**", "docs/site/**", "build", "dist", "demo", ".*", "tests", "compiler"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
# As the hosts of repositories make them, so that `page.md#heading` leads to the same place everywhere.
myst_heading_anchors = 4
suppress_warnings = ["myst.header", "misc.highlighting_failure"]

# Docstrings put names between single backquotes, as comments do.
default_role = "code"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"

html_theme = "furo"
html_title = f"sncompile {version}"
html_static_path: list[str] = []
html_show_sphinx = False
# The prompt is not copied, nor what a command prints.
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_exclude = ".linenos, .gp"
