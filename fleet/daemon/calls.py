"""The remote methods, read off the ``Fleet`` protocol itself, so that the two cannot drift apart.

Each method's argument and result types come from its annotations; encoders and decoders are built once, when the
method is first used, so that a one-shot CLI call does not pay for all of them.
"""

from __future__ import annotations

import enum
import inspect
import sys
import types
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from backends.contract.errors import BackendBug
from backends.contract.session import Terminal
from fleet.daemon import wire
from fleet.protocol import Fleet

LOCAL = frozenset({"subscribe", "close"})
"""Methods that mean something in one process only: a subscription is a frame of its own, closing is hanging up."""
CARRIED_THROUGH = frozenset({"perform", "cancel", "close_shell", "shutdown"})
"""Methods that change the world: once asked for they are finished, even when who asked has left."""


class Shape(enum.Enum):
    """How a method answers."""

    CALL = enum.auto()
    STREAM = enum.auto()
    TERMINAL = enum.auto()


class Method:
    """One remote method: how its arguments and results are written down."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = function.__name__
        self._function = function

    @cached_property
    def shape(self) -> Shape:
        """How it answers."""
        if self._answer is Terminal:
            return Shape.TERMINAL
        return Shape.STREAM if get_origin(self._answer) is AsyncGenerator else Shape.CALL

    @cached_property
    def argument_types(self) -> tuple[Any, ...]:
        """The types of its arguments, in order."""
        return tuple(self._hints[name] for name in self._signature.parameters if name != "self")

    @cached_property
    def result_type(self) -> Any:
        """What it returns, or what each of its items is."""
        match self.shape:
            case Shape.STREAM:
                return get_args(self._answer)[0]
            case Shape.TERMINAL:
                return bytes
            case Shape.CALL:
                return self._answer

    def write_arguments(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> msgspec.Raw:
        """The arguments of one call, defaults filled in."""
        bound = self._signature.bind(None, *given, **named)
        bound.apply_defaults()
        return msgspec.Raw(wire.encoder.encode(bound.args[1:]))

    def read_arguments(self, raw: msgspec.Raw) -> tuple[Any, ...]:
        """The arguments again.

        Raises:
            WireError: if they are not what the method takes.
        """
        try:
            return self._argument_decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise wire.WireError(f"The arguments of {self.name} cannot be read: {error}.") from error

    def read_result(self, raw: msgspec.Raw) -> Any:
        """A result or an item.

        Raises:
            BackendBug: if it is not what the method promises.
        """
        try:
            return self._result_decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BackendBug(f"The answer to {self.name} cannot be read: {error}.") from error

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        # JSON is recursive, which msgspec cannot follow; anything msgpack says is JSON enough.
        return get_type_hints(self._function, localns={"JSON": Any})

    @property
    def _answer(self) -> Any:
        return self._hints["return"]

    @cached_property
    def _argument_decoder(self) -> msgspec.msgpack.Decoder[tuple[Any, ...]]:
        shape = types.GenericAlias(tuple, self.argument_types or ((),))
        return msgspec.msgpack.Decoder(tuple[()] if not self.argument_types else shape)

    @cached_property
    def _result_decoder(self) -> msgspec.msgpack.Decoder[Any]:
        return msgspec.msgpack.Decoder(self.result_type)


TABLE: dict[str, Method] = {
    name: Method(member)
    for name, member in vars(Fleet).items()
    if inspect.isfunction(member) and not name.startswith("_") and name not in LOCAL
}
"""Every method that can be called from another process, by name."""


@cache
def fingerprint() -> str:
    """A short mark of everything the two sides must agree on: methods, frames, and the shape of every value.

    Two builds that carry the same version number but not the same code do not understand each other by accident.
    """
    mark = 0
    for line in _shapes():
        mark = zlib.crc32(line.encode(), mark)
    return f"{mark:08x}"


def _shapes() -> Iterator[str]:
    for name, method in TABLE.items():
        yield f"{name} {sorted(_notes(method._function))}"  # noqa: SLF001 - same module
    for module in _MODULES:
        for name, value in sorted(vars(sys.modules[module]).items()):
            if not isinstance(value, type) or value.__module__ != module:
                continue
            if issubclass(value, msgspec.Struct):
                config = value.__struct_config__
                yield f"{module}.{name} {config.tag} {config.array_like} {config.omit_defaults} {_notes(value)}"
            elif issubclass(value, enum.Enum):
                yield f"{module}.{name} {[(member.name, member.value) for member in value]}"


def _notes(owner: Any) -> list[tuple[str, str]]:
    return [(name, str(note)) for name, note in owner.__annotations__.items()]


_MODULES = (
    "backends.contract.errors",
    "backends.contract.model",
    "backends.contract.operation",
    "fleet.values",
    wire.__name__,
)
