"""What makes samples and pages of documentation; nothing here ships."""
