"""How the user wants it: typed settings from TOML, the environment and a profile."""

from fleet.settings.model import Settings

__all__ = ["Settings"]
