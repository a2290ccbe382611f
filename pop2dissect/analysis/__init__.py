"""What can be said about sessions beyond their dissection: tables, statistics, pictures, and findings."""
