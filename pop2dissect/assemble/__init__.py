"""From a finished connection to a session."""
