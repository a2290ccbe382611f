"""Fuzzers of pop2dissect: ``python -m fuzz TARGET --seconds N`` (see docs/reassembly.md)."""
