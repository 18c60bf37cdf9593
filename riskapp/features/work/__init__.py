"""My work: everything that waits for the person who asks, in order of time."""
