"""What the analysis found, rendered for people and for other programs."""
