"""Generators of pages of documentation."""
