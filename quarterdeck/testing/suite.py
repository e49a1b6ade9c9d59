"""The suite, put together from its parts."""

from __future__ import annotations

from quarterdeck.testing.declared import DeclaredContract
from quarterdeck.testing.ground import BareContext, Gaze, Ground, Heard
from quarterdeck.testing.life import LifeContract
from quarterdeck.testing.listed import ListedContract
from quarterdeck.testing.planned import PlannedContract
from quarterdeck.testing.programs import ProgramContract
from quarterdeck.testing.streams import StreamContract

__all__ = ["BackendContract", "BareContext", "Gaze", "Ground", "Heard"]


class BackendContract(DeclaredContract, ListedContract, StreamContract, ProgramContract, PlannedContract, LifeContract):
    """What every backend must do."""
