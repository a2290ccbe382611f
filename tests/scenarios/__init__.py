"""Tests of several modules together, or of all: recorded captures, other programs, hostile input."""
