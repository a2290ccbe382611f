"""Sums over sessions, without pandas."""
