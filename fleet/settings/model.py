"""What can be set, as typed values with their defaults. Unknown keys are refused when a file is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from backends.contract.model import ConnectionSpec, Presence
from fleet.policy.rules import Rule


class General(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What concerns everything."""

    profile: Annotated[str, Meta(description="Profile laid over this file when none is asked for.")] = ""
    read_only: Annotated[bool, Meta(description="Look, but change nothing: every change is denied.")] = False


class Interface(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the full-screen interface looks and feels."""

    theme: Annotated[str, Meta(description="Colour theme.")] = "harbour"
    keys: Annotated[
        Literal["default", "k9s", "lazydocker"],
        Meta(description="Which keys to start from; [keys] below changes single ones."),
    ] = "default"
    ascii: Annotated[bool, Meta(description="Draw with ASCII only, for terminals that lack the other characters.")] = (
        False
    )
    mouse: Annotated[bool, Meta(description="Take mouse clicks; without it the terminal's own selection works.")] = True
    animations: Annotated[
        Literal["auto", "on", "off"], Meta(description="Whether things slide; auto leaves it out on slow lines.")
    ] = "auto"
    hosts_enter: Annotated[
        Literal["open", "connect"],
        Meta(description="What Enter does on a host: open its screen, or connect a shell to it."),
    ] = "open"
    timestamps: Annotated[
        Literal["off", "local", "utc", "relative"], Meta(description="How the times of log lines are shown at first.")
    ] = "off"
    log_bytes: Annotated[int, Meta(description="Bytes of each open log kept for scrolling back.", ge=1024)] = (
        16 * 1024 * 1024
    )
    scrollback: Annotated[
        int, Meta(description="Lines of each shell kept for scrolling back.", ge=100, le=1_000_000)
    ] = 10_000


class Monitoring(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often connections are looked at, in seconds."""

    list_every: Annotated[float, Meta(description="A full list, which repairs what events have missed.", gt=0)] = 30.0
    sample_every: Annotated[float, Meta(description="Measurements of what is looked at.", gt=0)] = 2.0
    open_limit: Annotated[float, Meta(description="How long a connection may take to open.", gt=0)] = 30.0
    first_retry: Annotated[
        float, Meta(description="The first wait before a lost connection is tried again; it doubles each time.", gt=0)
    ] = 1.0
    last_retry: Annotated[float, Meta(description="The longest such wait.", gt=0)] = 120.0


class Journalling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long what happened is kept."""

    entries_days: Annotated[int, Meta(description="Days operations are kept.", ge=0)] = 365
    events_days: Annotated[int, Meta(description="Days events are kept.", ge=0)] = 30
    outputs_days: Annotated[int, Meta(description="Days the output of operations is kept.", ge=0)] = 30
    minutes_days: Annotated[int, Meta(description="Days the minute means of metrics are kept.", ge=0)] = 7
    undo_hours: Annotated[int, Meta(description="Hours an operation can be taken back.", ge=0)] = 72
    output_bytes: Annotated[
        int, Meta(description="Bytes of output kept of each operation: its beginning and its end.", ge=1024)
    ] = 1024 * 1024


class DaemonSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fleet daemon's life."""

    keep: Annotated[bool, Meta(description="Stay when the last interface has left.")] = False
    linger: Annotated[
        float, Meta(description="Seconds to stay when the last interface has left and nothing is under way.", ge=0)
    ] = 5.0


class ConnectionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A connection of one's own, or changes to a found one of the same id."""

    id: Annotated[str, Meta(description="Short and unique; the first part of every resource's name.", min_length=1)]
    backend: Annotated[str, Meta(description="docker, local, …", min_length=1)]
    title: Annotated[str, Meta(description="Shown instead of the id.")] = ""
    options: Annotated[
        Mapping[str, str], Meta(description="What the backend needs to know; secrets only as references.")
    ] = {}
    labels: Annotated[Mapping[str, str], Meta(description="Labels of your own, for filters and policy.")] = {}
    protected: Annotated[
        bool, Meta(description="Ask before every change, and for a typed name before anything is destroyed.")
    ] = False
    disabled: Annotated[bool, Meta(description="Known, but not connected to.")] = False

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
