"""Makers of the samples and of made-up sessions."""
