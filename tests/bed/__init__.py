"""The test bed: starts real engines of our own, so that nobody's engine is touched."""
