"""Adapters, one folder per technology, and the border the fleet meets them at."""
