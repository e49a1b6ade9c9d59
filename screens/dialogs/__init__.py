"""Questions and forms that stand over a screen."""
