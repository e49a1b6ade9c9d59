"""Tests of this machine as a backend, against this very machine."""
