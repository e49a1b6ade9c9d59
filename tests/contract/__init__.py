"""Every backend against the one suite, with its real engine."""
