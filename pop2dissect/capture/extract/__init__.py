"""Reads extracts: folders with the packets that matter of captures, and what the captures themselves say.

:mod:`pop2dissect.archive` makes them. ``captures.parquet`` has a row for each capture, in order; ``packets/`` has a
file for each capture that could be read.
"""
