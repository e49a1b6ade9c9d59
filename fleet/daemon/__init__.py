"""The fleet as a process of its own: what is said over its socket, who serves it, who speaks to it, how it starts."""
