"""Compiles what is worth it, where there is a compiler: all of it also runs as it is. pyproject.toml has the rest."""

from __future__ import annotations

from setuptools import Extension, setup

try:
    from Cython.Build import cythonize
except ImportError:
    modules = []
else:
    sources = [Extension("pop2dissect.capture.scan", ["pop2dissect/capture/scan.py"], optional=True)]
    modules = cythonize(sources, build_dir="build/cython", quiet=True)

setup(ext_modules=modules)
