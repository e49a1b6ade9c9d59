"""The gate: operation → plan → policy → approval → journal → run → journal. There is no second path.

Whoever asks (a key, the palette, the CLI, a wizard, the assistant) hands in a :class:`Request`; this module is the
only caller of a verb's ``run`` and of a session's ``terminal``.
"""

from __future__ import annotations

import asyncio
import hashlib
import shlex
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from backends.contract.errors import BackendError, Conflict, Invalid, NotFound, Refused
from backends.contract.model import Fact, Resource, ResourceId, State
from backends.contract.operation import Operation, Plan, Step, Verb, verbs_by_id
from backends.guard import guarded
from backends.registry import Registry
from fleet.catalogue import Catalogue
from fleet.inventory import Inventory
from fleet.monitor import Monitor
from fleet.policy import Policy
from fleet.values import Approval, Decision, Prepared, Request, Verdict

PLANS_AT_ONCE = 16


class Ready(NamedTuple):
    """A request that has passed planning and policy, with what is needed to run it."""

    request: Request
    operation: Operation
    resources: tuple[Resource, ...]
    """Only those it applies to."""
    arguments: dict[str, Fact]
    prepared: Prepared


class Gate:
    """Plans requests and lets pass what policy, and where it says so a person, agree to."""

    def __init__(
        self,
        *,
        registry: Registry,
        catalogue: Catalogue,
        inventory: Inventory,
        monitor: Monitor,
        policy: Policy,
    ) -> None:
        self._registry = registry
        self._catalogue = catalogue
        self._inventory = inventory
        self._monitor = monitor
        self._policy = policy
        self._verbs: dict[str, dict[str, Verb]] = {}

    def verb(self, connection: str, operation: Operation) -> Verb:
        """The code behind an operation at a connection."""
        backend = self._monitor.keeper(connection).spec.backend
        if backend not in self._verbs:
            with guarded(f"backend {backend}"):
                self._verbs[backend] = verbs_by_id(self._registry.load(backend).verbs())
        try:
            return self._verbs[backend][operation.id]
        except KeyError as error:
            raise Invalid(f"{backend} declares {operation.id} but brings no code for it.") from error

    async def ready(self, request: Request) -> Ready:
        """Plan a request and ask policy.

        Raises:
            NotFound: if a target is unknown.
            Invalid: if the verb or an argument makes no sense.
            Conflict: if it applies to none of the targets, with the reason.
            BackendError: whatever planning met.
        """
        operation = self._operation(request)
        arguments = _complete(operation, request)
        resources, skipped = self._applicable(operation, request)
        steps = await self._plan(operation, resources, arguments)
        plan = Plan(
            kind=operation.kind,
            verb=operation.verb,
            title=operation.title,
            effect=operation.effect,
            steps=steps,
            arguments=arguments,
            warnings=skipped,
        )
        decision = self._decide(operation, plan, request, resources)
        return Ready(request, operation, resources, arguments, Prepared(plan, decision, _token(plan, request)))

    def check(self, ready: Ready, approval: Approval | None) -> None:
        """Let it pass or raise.

        Raises:
            Refused: if policy denies it, or asks and nobody answered, or the typed word is wrong.
            Conflict: if what was approved is not what would happen now.
        """
        decision = ready.prepared.decision
        if decision.verdict is Verdict.DENY:
            raise Refused(f"{ready.operation.title} is not allowed: {decision.reason}")
        if decision.verdict is Verdict.ALLOW:
            return
        if approval is None:
            raise Refused(f"{ready.operation.title} needs a yes: {decision.reason}", hint="On the command line: --yes.")
        if approval.token != ready.prepared.token:
            raise Conflict("What would happen has changed since it was shown; look at the plan again.")
        if decision.verdict is Verdict.TYPED and approval.typed != decision.word:
            raise Refused(
                f"{ready.operation.title} needs “{decision.word}” typed: {decision.reason}",
                hint=f"On the command line: --confirm {shlex.quote(decision.word)}.",
            )

    def _operation(self, request: Request) -> Operation:
        if not request.targets:
            raise Invalid("Nothing is selected.")
        found: dict[str, Operation] = {}
        for target in request.targets:
            backend = self._monitor.keeper(target.connection).spec.backend
            operation = self._catalogue.operation(backend, target.kind, request.verb)
            found.setdefault(f"{backend}/{operation.id}", operation)
        if len({operation.id for operation in found.values()}) > 1:
            raise Invalid("One operation works on resources of one kind.")
        operation = next(iter(found.values()))
        if len(request.targets) > 1 and not operation.many:
            raise Invalid(f"{operation.title} works on one {operation.kind} at a time.")
        return operation

    def _applicable(self, operation: Operation, request: Request) -> tuple[tuple[Resource, ...], tuple[str, ...]]:
        """The targets it applies to, and a sentence for each that is left out."""
        fit: list[Resource] = []
        reasons: list[str] = []
        for target in dict.fromkeys(request.targets):
            resource = self._inventory.get(target)
            if resource is None and operation.hidden:
                resource = _departed(target, request)
            elif resource is None:
                raise NotFound(f"{target} is not there (any more).")
            reason = None if operation.hidden else operation.blocked(resource)
            if reason is None:
                fit.append(resource)
            else:
                reasons.append(reason)
        if not fit:
            raise Conflict(reasons[0])
        return tuple(fit), tuple(reasons)

    async def _plan(
        self, operation: Operation, resources: Sequence[Resource], arguments: dict[str, Fact]
    ) -> tuple[Step, ...]:
        room = asyncio.Semaphore(PLANS_AT_ONCE)

        async def one(resource: Resource) -> Step:
            connection = resource.id.connection
            async with room:
                session = self._monitor.session(connection)
                with guarded(connection):
                    return await self.verb(connection, operation).plan(session, resource, arguments)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(resource)) for resource in resources]
        except ExceptionGroup as failures:
            ours, others = failures.split(BackendError)
            if ours is None or others is not None:
                raise
            first = ours.exceptions[0]
            raise first from failures
        return tuple(task.result() for task in tasks)

    def _decide(self, operation: Operation, plan: Plan, request: Request, resources: Sequence[Resource]) -> Decision:
        specs = {resource.id.connection: self._monitor.keeper(resource.id.connection).spec for resource in resources}
        words = plan.arguments.get("command")
        command = shlex.join(words) if isinstance(words, list) else None
        return self._policy.decide(
            operation, plan, actor=request.actor, specs=specs, resources=resources, command=command
        )


def _complete(operation: Operation, request: Request) -> dict[str, Fact]:
    """The arguments with defaults filled in; hidden operations take whatever their undo recorded."""
    if operation.hidden:
        return dict(request.arguments)
    known = {parameter.id: parameter for parameter in operation.parameters}
    for name in request.arguments:
        if name not in known:
            raise Invalid(
                f"{operation.title} has no argument “{name}”.", hint=f"It knows {', '.join(known) or 'none'}."
            )
    arguments: dict[str, Fact] = {}
    for name, parameter in known.items():
        value = request.arguments.get(name, parameter.default)
        if value in (None, "", []) and parameter.required:
            raise Invalid(f"{parameter.label} is needed.")
        arguments[name] = value
    return arguments


def _departed(target: ResourceId, request: Request) -> Resource:
    """A stand-in for a resource that is gone and about to be made again."""
    name = request.arguments.get("name")
    return Resource(id=target, name=name if isinstance(name, str) else target.native[:12], state=State.UNKNOWN)


def _token(plan: Plan, request: Request) -> str:
    """What the plan would do, as a digest: whoever approves it approves exactly this."""
    essence = [
        plan.kind,
        plan.verb,
        sorted(plan.arguments.items(), key=lambda item: item[0]),
        [(str(step.target), step.does, step.call, step.dependants) for step in plan.steps],
        request.actor.value,
    ]
    return hashlib.sha256(msgspec.msgpack.encode(essence)).hexdigest()
