"""The demonstration started with one command: migrate, load the council if there is none, serve, and run the clock."""
