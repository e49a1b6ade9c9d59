"""The headless heart: what is known, what may be done, what was done."""
