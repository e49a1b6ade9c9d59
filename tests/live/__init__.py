"""End to end: the real command in a real terminal, on real engines."""
