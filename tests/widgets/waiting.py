"""Waiting for a condition, with a limit: what the tests of widgets use instead of sleeping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot


async def until(pilot: Pilot[Any], condition: Callable[[], bool], limit: float = 15.0) -> None:
    """Run the app until the condition holds, then once more so that it has been painted."""
    async with asyncio.timeout(limit):
        while not condition():
            await pilot.pause(0.01)
    await pilot.pause()


def screen_text(pilot: Pilot[Any]) -> list[str]:
    """The lines of the screen as a person sees them."""
    compositor = pilot.app.screen._compositor
    width, height = pilot.app.size
    strips = compositor.render_strips()
    return [strips[y].text.ljust(width) for y in range(min(height, len(strips)))]
