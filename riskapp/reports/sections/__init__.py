"""The sections of a paper, a module each: `draw(paper, data, ...)` says what its page shows, then shows it."""
