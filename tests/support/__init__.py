"""What several tests need: recorded captures and their truth, made-up captures, other programs."""
