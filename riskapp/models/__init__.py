"""What we remember: the tables, and nothing that decides."""
