"""Every operation with the code behind it."""

from __future__ import annotations

from backends.contract.operation import Verb
from backends.docker import commands, lifecycle, limits, operations, removal, stacking

VERBS: tuple[Verb, ...] = (
    Verb(operations.START, lifecycle.plan_start, lifecycle.start),
    Verb(operations.STOP, lifecycle.plan_stop, lifecycle.stop),
    Verb(operations.RESTART, lifecycle.plan_restart, lifecycle.restart),
    Verb(operations.PAUSE, lifecycle.plan_pause, lifecycle.pause),
    Verb(operations.RESUME, lifecycle.plan_resume, lifecycle.resume),
    Verb(operations.KILL, lifecycle.plan_kill, lifecycle.kill),
    Verb(operations.RENAME, lifecycle.plan_rename, lifecycle.rename),
    Verb(operations.UPDATE, limits.plan_update, limits.update),
    Verb(operations.RUN, commands.plan_exec, commands.run_exec),
    Verb(operations.SHELL, commands.plan_shell, commands.run_shell),
    Verb(operations.REMOVE, removal.plan_remove, removal.remove),
    Verb(operations.RECREATE, removal.plan_recreate, removal.recreate),
    Verb(operations.STACK_START, stacking.plan_start, stacking.start),
    Verb(operations.STACK_STOP, stacking.plan_stop, stacking.stop),
    Verb(operations.STACK_RESTART, stacking.plan_restart, stacking.restart),
    Verb(operations.IMAGE_REMOVE, removal.plan_remove_image, removal.remove_image),
    Verb(operations.VOLUME_REMOVE, removal.plan_remove_volume, removal.remove_volume),
    Verb(operations.NETWORK_REMOVE, removal.plan_remove_network, removal.remove_network),
)
