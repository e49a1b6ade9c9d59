"""From words to resources: which connections matter for them, and what they mean there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from app.cli.codes import NOT_FOUND, UNREACHABLE, Stop
from backends.contract.errors import Invalid, NotFound
from fleet.naming import Names
from fleet.scope import Scope
from fleet.values import Connection, ConnectionState
from widgets.cells import natural

if TYPE_CHECKING:
    from app.cli.context import Cli
    from backends.contract.model import Resource
    from fleet.protocol import Fleet

_ANSWERING = frozenset({ConnectionState.ONLINE, ConnectionState.DEGRADED})


def scope_for(
    cli: Cli, *, connections: Iterable[str] = (), kind: str = "", verb: str = "", names: Sequence[str] = ()
) -> Scope:
    """The connections a command can be about.

    Args:
        cli: the command.
        connections: those it names; all where it names none.
        kind: only backends that bring this kind matter.
        verb: only backends that bring this verb matter.
        names: resources; where each is written in full, only their connections matter.
    """
    chosen = frozenset(connections) or _named(cli, names)
    backends = frozenset(
        backend.id
        for backend in cli.catalogue.backends.values()
        if (not kind or any(each.id == kind for each in backend.kinds))
        and (not verb or any(operation.verb == verb for operation in backend.operations))
    )
    return Scope(chosen or None, backends if kind or verb else None)


def _named(cli: Cli, names: Sequence[str]) -> frozenset[str]:
    """The connections of names written in full; none as soon as one is not."""
    found: set[str] = set()
    for name in names:
        connection, _, rest = name.partition("/")
        kind, slash, _ = rest.partition("/")
        if not slash or kind not in cli.catalogue.kinds or any(letter in connection for letter in "*?["):
            return frozenset()
        found.add(connection)
    return frozenset(found)


def silent(fleet: Fleet, scope: Scope) -> Sequence[Connection]:
    """The connections in scope that do not answer, those switched off left out."""
    return [
        connection
        for connection in fleet.inventory.connections.values()
        if scope.covers(connection.spec)
        and connection.state not in _ANSWERING
        and connection.state is not ConnectionState.DISABLED
    ]


def check_connections(fleet: Fleet, scope: Scope) -> None:
    """Make sure that the connections named are there.

    Raises:
        Stop: with those there are.
    """
    known = fleet.inventory.connections
    for name in sorted(scope.connections or ()):
        if name not in known:
            raise Stop(
                f"There is no connection “{name}”.", hint="`qd connections` shows those there are.", code=NOT_FOUND
            )


def tell_silent(cli: Cli, connections: Sequence[Connection]) -> None:
    """Say which connections did not answer, and why."""
    for connection in connections:
        cli.console.complain(*why_silent(connection, cli.patience))


def why_silent(connection: Connection, patience: float) -> tuple[str, str | None]:
    """The sentence on a connection that does not answer, and the hint."""
    name = connection.spec.id
    if connection.state is ConnectionState.CONNECTING and not connection.reason:
        return f"{name} has not answered within {patience:g} s.", "--wait SECONDS gives it longer."
    if connection.state is ConnectionState.NEEDS_AUTH:
        return f"{name} wants credentials: {connection.reason or 'it refused ours'}", connection.hint
    return f"{name} does not answer: {connection.reason or connection.state.value}", connection.hint


def find(
    cli: Cli, fleet: Fleet, scope: Scope, words: Iterable[str], *, verb: str = "", kind: str = ""
) -> Sequence[Resource]:
    """The resources that words mean, each once, in the order they were named.

    Raises:
        Stop: if one means nothing, or several things; what did not answer is said then.
    """
    check_connections(fleet, scope)
    names = Names(fleet.catalogue, fleet.inventory)
    found: dict[object, Resource] = {}
    for word in words:
        try:
            matches = sorted(
                (each for each in names.find(word, verb=verb, kind=kind) if _within(each, scope)),
                key=lambda each: (natural(each.name), each.id),
            )
            if not matches:
                raise NotFound(f"There is no resource “{word}” there.")
        except NotFound as error:
            raise _missing(cli, fleet, scope, error) from error
        except Invalid as error:
            narrowed = _narrowed(names, word, verb, scope)
            if narrowed is None:
                raise Stop(error.message, hint=error.hint, code=NOT_FOUND) from error
            matches = [narrowed]
        found.update((resource.id, resource) for resource in matches)
    return list(found.values())


def _within(resource: Resource, scope: Scope) -> bool:
    return scope.connections is None or resource.id.connection in scope.connections


def _narrowed(names: Names, word: str, verb: str, scope: Scope) -> Resource | None:
    """The one resource an ambiguous word means at the connections chosen, where it is one."""
    if scope.connections is None:
        return None
    matches = [
        each
        for connection in scope.connections
        for each in names.candidates(verb=verb)
        if each.id.connection == connection and word in (each.name, each.id.native, f"{each.id.kind}/{each.name}")
    ]
    return matches[0] if len(matches) == 1 else None


def _missing(cli: Cli, fleet: Fleet, scope: Scope, error: NotFound) -> Stop:
    """Why a word means nothing: perhaps because who knows it does not answer."""
    quiet = silent(fleet, scope)
    if not quiet:
        return Stop(error.message, hint=error.hint, code=NOT_FOUND)
    tell_silent(cli, quiet)
    return Stop(error.message, hint="It may be at what does not answer.", code=UNREACHABLE)
