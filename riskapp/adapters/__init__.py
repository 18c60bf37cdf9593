"""What is outside: mail, files."""
