"""The nouns and protocols every backend and every screen shares; no SDK, no terminal, values that can be encoded."""
