"""What notebooks show of sessions, messages and captures."""
