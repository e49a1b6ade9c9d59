"""What tests of the app share: the cockpit of the tests of screens."""

from __future__ import annotations

from tests.screens.conftest import cockpit

__all__ = ["cockpit"]
