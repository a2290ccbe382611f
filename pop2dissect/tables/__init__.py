"""What was found as tables: declared once, given as data frames and files."""
