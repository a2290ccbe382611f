"""How captured text and values are written, whatever writes them: harmless, exact, and in order."""
