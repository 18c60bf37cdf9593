"""Drawings as plain geometry: made once here, drawn as SVG on pages and as vectors on paper."""
