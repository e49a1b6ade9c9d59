"""What can be set, as typed values with their defaults. Unknown keys are refused when a file is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backends.contract.model import ConnectionSpec, Presence
from fleet.policy.rules import Rule

Seconds = Annotated[float, Meta(gt=0)]
Days = Annotated[int, Meta(ge=0)]
Bytes = Annotated[int, Meta(ge=1024)]


class General(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What concerns everything."""

    profile: str = ""
    read_only: bool = False


class Interface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the full-screen interface looks and feels."""

    theme: str = "harbour"
    keys: Literal["default", "k9s", "lazydocker"] = "default"
    ascii: bool = False
    mouse: bool = True
    animations: Literal["auto", "on", "off"] = "auto"
    hosts_enter: Literal["open", "connect"] = "open"
    timestamps: Literal["off", "local", "utc", "relative"] = "off"
    log_bytes: Bytes = 16 * 1024 * 1024
    scrollback: Annotated[int, Meta(ge=100, le=1_000_000)] = 10_000


class Monitoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often connections are looked at, in seconds."""

    list_every: Seconds = 30.0
    sample_every: Seconds = 2.0
    open_limit: Seconds = 30.0
    first_retry: Seconds = 1.0
    last_retry: Seconds = 120.0


class Journalling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long what happened is kept."""

    entries_days: Days = 365
    events_days: Days = 30
    outputs_days: Days = 30
    minutes_days: Days = 7
    undo_hours: Annotated[int, Meta(ge=0)] = 72
    output_bytes: Bytes = 1024 * 1024


class DaemonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fleet daemon's life."""

    keep: bool = False
    linger: Annotated[float, Meta(ge=0)] = 5.0


class ConnectionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connection of one's own, or changes to a found one of the same id."""

    id: str
    backend: str
    title: str = ""
    options: Mapping[str, str] = {}
    labels: Mapping[str, str] = {}
    protected: bool = False
    disabled: bool = False

    def spec(self) -> ConnectionSpec:
        """The connection as the monitor knows it."""
        return ConnectionSpec(
            id=self.id,
            backend=self.backend,
            title=self.title,
            options=self.options,
            labels=self.labels,
            protected=self.protected,
            presence=Presence.CONFIGURED,
        )


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings."""

    general: General = General()
    interface: Interface = Interface()
    monitor: Monitoring = Monitoring()
    journal: Journalling = Journalling()
    daemon: DaemonSettings = DaemonSettings()
    connection: Sequence[ConnectionSettings] = ()
    policy: Sequence[Rule] = ()
    keys: Mapping[str, str | list[str]] = {}
    """Command or operation id → its key or keys."""

    @property
    def chosen_keys(self) -> dict[str, tuple[str, ...]]:
        """The user's keys, each as a tuple."""
        return {name: (keys,) if isinstance(keys, str) else tuple(keys) for name, keys in self.keys.items()}

    @property
    def disabled(self) -> frozenset[str]:
        """Connections that are not to be opened."""
        return frozenset(connection.id for connection in self.connection if connection.disabled)
