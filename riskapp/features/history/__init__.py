"""The history of a risk."""
