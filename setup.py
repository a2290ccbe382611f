"""Compiles what is worth it, where there is a compiler: all of it also runs as it is. pyproject.toml has the rest."""

from __future__ import annotations

import os

from setuptools import Extension, setup

try:
    from Cython.Build import cythonize
except ImportError:
    modules = []
else:
    scan = Extension(
        "pop2dissect.capture.scan",
        ["pop2dissect/capture/scan.py"],
        extra_compile_args=["-g0"] if os.name == "posix" else [],  # what debuggers want names the folder of the build
        optional=True,
    )
    modules = cythonize([scan], build_dir="build/cython", quiet=True)

setup(ext_modules=modules)
