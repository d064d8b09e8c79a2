"""What was built in Python, written as a document, so that it goes through the same checks as any other."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from math import inf, isnan
from typing import Any


def yaml_text(content: Mapping[str, Any]) -> str:
    """Plain data as YAML."""
    from ruamel.yaml import YAML
    from ruamel.yaml.representer import SafeRepresenter

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.allow_unicode = True
    yaml.width = 1_000_000

    class Representer(SafeRepresenter):
        """Writes numbers as Python does: 1e-07 and not 1.0e-07, since a text would keep that form."""

    Representer.add_representer(float, _float)
    yaml.Representer = Representer
    text = StringIO()
    yaml.dump(content, text)
    return text.getvalue()


def _float(representer: Any, value: float) -> Any:
    special = {inf: ".inf", -inf: "-.inf"}.get(value, ".nan" if isnan(value) else None)
    return representer.represent_scalar("tag:yaml.org,2002:float", special or repr(value))
