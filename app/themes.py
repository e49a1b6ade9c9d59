"""Our themes, beside Textual's own: two of the house, and two for eyes and terminals that need more contrast."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.theme import Theme

HARBOUR = Theme(
    name="harbour",
    primary="#5fb3d9",
    secondary="#7f9fb5",
    accent="#e0a458",
    foreground="#d6dee4",
    background="#10161b",
    surface="#161e25",
    panel="#1d2830",
    success="#7fc28a",
    warning="#e3b65b",
    error="#e8716a",
    dark=True,
)
PAPER = Theme(
    name="paper",
    primary="#1f6f9c",
    secondary="#4b6475",
    accent="#9a5b13",
    foreground="#1d2429",
    background="#fbfaf7",
    surface="#f3f1ec",
    panel="#e8e5de",
    success="#2b7a3b",
    warning="#8a5a00",
    error="#b3261e",
    dark=False,
)
HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#00ffff",
    secondary="#ffffff",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    success="#00ff00",
    warning="#ffff00",
    error="#ff6b6b",
    dark=True,
)
HIGH_CONTRAST_LIGHT = Theme(
    name="high-contrast-light",
    primary="#00007a",
    secondary="#000000",
    accent="#5c0099",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ebebeb",
    success="#005200",
    warning="#5c3d00",
    error="#8f0000",
    dark=False,
)
OURS = (HARBOUR, PAPER, HIGH_CONTRAST, HIGH_CONTRAST_LIGHT)


def register_themes(app: App[Any]) -> None:
    """Make our themes known to the app."""
    for theme in OURS:
        app.register_theme(theme)
