"""Tests of what findings and sessions come to."""
