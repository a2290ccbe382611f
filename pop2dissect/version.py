"""The version, which results name, so that they can be repeated. pyproject.toml takes it from here."""

__version__ = "0.1.0"
