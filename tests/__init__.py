"""Tests, mirroring the package by name; packages, so that file names may recur and tests.support is found."""
