"""Decides for a plan: allow, ask, typed confirmation, or deny."""

from fleet.policy.decide import Policy
from fleet.policy.rules import Rule

__all__ = ["Policy", "Rule"]
