"""Pictures of screens that somebody has looked at; a test fails when one changes."""
