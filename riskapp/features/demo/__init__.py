"""Demo: the demonstration council, replayed through the real services on a time line."""
