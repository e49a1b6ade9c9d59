"""What is said while the fleet is not attached."""

from __future__ import annotations

from fleet.protocol import Fleet

KNOWN = "This is what was last known."


def in_a_word(fleet: Fleet) -> str:
    """For the header: empty while attached."""
    if fleet.attached:
        return ""
    return "fleet daemon gone" if fleet.trouble else "reaching the fleet"


def in_a_sentence(fleet: Fleet) -> str:
    """Why, what may help, and what is shown meanwhile; empty while attached."""
    if fleet.attached:
        return ""
    trouble = fleet.trouble
    if trouble is None:
        return f"The fleet is being reached. {KNOWN}"
    return " ".join(part for part in (trouble.message, trouble.hint, KNOWN) if part)
