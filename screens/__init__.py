"""Full screens and dialogs: they compose, route messages and call services they were given."""
