"""The Docker backend: what is pure by itself, the rest with a real dockerd."""
