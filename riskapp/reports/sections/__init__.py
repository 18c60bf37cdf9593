"""The sections of a paper, a module each: `draw` says what its page shows, then shows it."""
