"""Bilayers specs (github.com/bilayer-containers/bilayers): container tools described for graphical interfaces."""
