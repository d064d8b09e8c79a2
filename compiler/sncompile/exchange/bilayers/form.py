"""The two directions of the form `bilayers`."""

from sncompile.exchange.bilayers.exporting import export_module
from sncompile.exchange.bilayers.importing import import_module

__all__ = ["export_module", "import_module"]
