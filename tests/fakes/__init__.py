"""Stand-ins that keep the contracts, for tests and benchmarks."""
