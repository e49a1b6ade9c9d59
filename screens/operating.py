"""Doing operations from a screen: reason, arguments, plan, approval, and then the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from textual import work

from backends.contract.errors import BackendError, NotFound
from backends.contract.model import Fact, Resource, ResourceId, Size
from backends.contract.operation import Confirm, Effect, Operation
from fleet.values import Approval, Job, JobState, JournalQuery, Request, Verdict
from screens.desk import Place
from screens.dialogs.arguments import ArgumentsDialog
from screens.dialogs.plan import PlanDialog
from screens.view import View
from widgets.cells import neutral

SHELL = "shell"
"""The verb that opens a terminal instead of starting a job."""
UNDO_LOOKS_BACK = 50
"""Journal entries searched for something to undo."""
RUN = "exec"
"""The verb whose output is shown as it comes."""


class Operating(View):
    """A view from which operations are done, always through the gate."""

    def operations_of(self, resource: Resource) -> Sequence[tuple[Operation, str | None]]:
        """Every operation for a resource, with the reason why not."""
        backend = self.fleet.inventory.backend_of(resource.id)
        return self.fleet.catalogue.applicable(backend, resource)

    def operation_for_key(self, key: str, targets: Sequence[ResourceId]) -> Operation | None:
        """The operation a key means for these targets: of several in a group, the one that fits the first."""
        resources = [r for r in map(self.fleet.inventory.get, targets) if r is not None]
        if not resources:
            return None
        offers = self.operations_of(resources[0])
        fitting = self.desk.keymap.operation_for(key, [operation for operation, _ in offers])
        return fitting[0] if fitting else None

    @work(group="operation")
    async def operate(
        self,
        operation: Operation,
        targets: Sequence[ResourceId],
        arguments: Mapping[str, Fact] | None = None,
        door: str = "key",
    ) -> None:
        """Do an operation to the targets, asking for arguments and for a yes where it needs them.

        Nothing happens when the key came with pasted text: whoever pastes into a list meant something else.
        """
        if self.desk.keys_are_quiet():
            return
        if reason := self._reason(operation, targets):
            self.notify(neutral(reason), severity="warning")
            return
        values = dict(arguments or {})
        if arguments is None and any(parameter.required for parameter in operation.parameters):
            about = self._about(targets)
            answer = await self.app.push_screen_wait(ArgumentsDialog(operation, about=about))
            if answer is None:
                return
            values = dict(answer)
        request = Request(verb=operation.verb, targets=tuple(targets), arguments=values, door=door)
        await self.request(operation, request)

    async def request(self, operation: Operation, request: Request) -> None:
        """Bring a request through the gate, with the dialog where policy wants one."""
        approval: Approval | None = None
        try:
            if operation.confirm is Confirm.NONE and operation.effect is not Effect.DESTROY:
                prepared = await self.fleet.prepare(request)
                asks = prepared.decision.verdict is not Verdict.ALLOW
                dialog = PlanDialog(self.desk, operation, request, prepared) if asks else None
            else:
                dialog = PlanDialog(self.desk, operation, request)
            if dialog is not None:
                approved = await self.app.push_screen_wait(dialog)
                if approved is None:
                    return
                request, approval = approved
            await self._perform(operation, request, approval)
        except BackendError as error:
            self.report(error)

    async def _perform(self, operation: Operation, request: Request, approval: Approval | None) -> None:
        self.desk.remember(operation.verb, dict(request.arguments))
        if operation.verb == SHELL:
            shell = await self.fleet.open_shell(request, approval, self._terminal_size())
            self.desk.go(Place("sessions", tab=shell.id))
            return
        job = await self.fleet.perform(request, approval)
        if operation.verb == RUN:
            self.desk.go(Place("job", tab=job.id))
            return
        self.follow(job)

    @work(group="follow")
    async def follow(self, job: Job) -> None:
        """Say how a job ended."""
        try:
            ended = await self.fleet.wait(job.id)
        except BackendError as error:
            self.report(error)
            return
        if ended.state is JobState.DONE:
            undo = " z undoes it." if ended.undo else ""
            self.notify(f"{neutral(ended.title)}: done.{undo}")
            return
        bad = [row for row in ended.rows if row.state is not JobState.DONE]
        hint = bad[0].failure.hint if bad and bad[0].failure else None
        first = neutral(f"{bad[0].name}: {bad[0].text} {hint or ''}".rstrip()) if bad else ended.state.value
        more = f" And {len(bad) - 1} more; see :jobs." if len(bad) > 1 else ""
        self.notify(f"{first}{more}", title=f"{neutral(ended.title)}: {ended.state.value}", severity="error")

    def _terminal_size(self) -> Size:
        """What a terminal will have of the screen: all but header, tabs and footer."""
        size = self.app.size
        return Size(max(1, size.width), max(1, size.height - 3))

    # -- the way back

    def operation_of(self, request: Request) -> Operation:
        """The operation a request asks for.

        Raises:
            BackendError: if its connection, or the operation, is not there any more.
        """
        target = request.targets[0]
        backend = self.fleet.inventory.backend_of(target)
        if not backend:
            raise NotFound(f"{target.connection} is not connected any more.")
        return self.fleet.catalogue.operation(backend, target.kind, request.verb)

    @work(group="operation")
    async def undo_entry(self, entry: int) -> None:
        """Take a journal entry back: like any other request, through the gate."""
        try:
            for request in await self.fleet.undo_requests(entry):
                await self.request(self.operation_of(request), request)
        except BackendError as error:
            self.report(error)

    @work(group="operation")
    async def take_back(self, *, redo: bool = False) -> None:
        """Undo the newest change that can be undone; with ``redo`` the newest undoing."""
        try:
            for request in await self._newest_undo(redo=redo):
                again = msgspec.structs.replace(request, door="redo" if redo else "undo")
                await self.request(self.operation_of(again), again)
        except BackendError as error:
            self.report(error)

    async def _newest_undo(self, *, redo: bool) -> Sequence[Request]:
        entries = await self.fleet.journal(JournalQuery(limit=UNDO_LOOKS_BACK))
        for entry in entries:
            if entry.undo and (entry.door == "undo") is redo:
                try:
                    return await self.fleet.undo_requests(entry.id)
                except NotFound:
                    continue  # undone already, or too long ago
        raise NotFound(f"There is nothing that can be {'redone' if redo else 'undone'}.")

    def report(self, error: BackendError) -> None:
        """Tell what went wrong and what may help."""
        self.notify(neutral(error.hint or ""), title=neutral(error.message), severity="error")

    def _reason(self, operation: Operation, targets: Sequence[ResourceId]) -> str | None:
        """Why it cannot be done to any of the targets."""
        reasons: list[str] = []
        for target in targets:
            resource = self.fleet.inventory.get(target)
            reason = operation.blocked(resource) if resource else f"{target} is gone."
            if reason is None:
                return None
            reasons.append(reason)
        return reasons[0] if reasons else "Nothing is selected."

    def _about(self, targets: Sequence[ResourceId]) -> str:
        if len(targets) > 1:
            return f"on {len(targets)} resources"
        resource = self.fleet.inventory.get(targets[0]) if targets else None
        return neutral(resource.name) if resource else ""
