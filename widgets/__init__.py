"""Reusable widgets: plain values in, typed messages out; they know no screen."""
