"""The pictures of the documentation: the real App driven by keys, at a fixed moment, exported and turned into PNG."""
