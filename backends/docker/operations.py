"""What can be done to Docker's things, as data; the code behind it is in ``verbs``."""

from __future__ import annotations

from backends.contract import standard
from backends.contract.model import Ability
from backends.contract.operation import Confirm, Operation, Parameter, ParameterType
from backends.docker.kinds import CONTAINER, IMAGE, NETWORK, STACK, VOLUME

FORCE = Parameter(
    id="force",
    label="Even while it runs",
    type=ParameterType.TOGGLE,
    default=False,
    help="It is killed first, without time to end by itself.",
)
ANONYMOUS = Parameter(
    id="volumes",
    label="Its anonymous volumes too",
    type=ParameterType.TOGGLE,
    default=False,
    help="Named volumes always stay.",
)
FORCE_IMAGE = Parameter(
    id="force",
    label="Even while containers use it",
    type=ParameterType.TOGGLE,
    default=False,
    help="Stopped containers keep its layers but lose its name. An image of a running container always stays.",
)
FORCE_VOLUME = Parameter(
    id="force",
    label="Even when its driver fails",
    type=ParameterType.TOGGLE,
    default=False,
    help="A volume that containers use always stays.",
)
MEMORY = Parameter(id="memory", label="Memory limit", type=ParameterType.BYTES, help="Like 512m; empty leaves it.")
CPUS = Parameter(
    id="cpus", label="Cores", type=ParameterType.NUMBER, minimum=0.01, maximum=1024, help="Like 1.5; empty leaves it."
)
PIDS = Parameter(
    id="pids",
    label="Processes at most",
    type=ParameterType.INTEGER,
    minimum=-1,
    help="-1 is without limit; empty leaves it.",
)
RESTARTS = Parameter(
    id="restart",
    label="Restart policy",
    type=ParameterType.CHOICE,
    choices=("no", "on-failure", "unless-stopped", "always"),
    help="Empty leaves it.",
)

START = standard.START.of(CONTAINER)
STOP = standard.STOP.of(CONTAINER)
RESTART = standard.RESTART.of(CONTAINER)
PAUSE = standard.PAUSE.of(CONTAINER)
RESUME = standard.RESUME.of(CONTAINER)
KILL = standard.KILL.of(CONTAINER)
RENAME = standard.RENAME.of(CONTAINER)
RUN = standard.RUN.of(CONTAINER)
SHELL = standard.SHELL.of(CONTAINER)
UPDATE = Operation(
    kind=CONTAINER,
    verb="update",
    title="Change limits",
    key="U",
    needs=Ability.UPDATE,
    parameters=(MEMORY, CPUS, PIDS, RESTARTS),
    refusal="{name} is {status}; its limits cannot be changed now.",
    help="Memory, cores, processes and restart policy, without restarting it.",
)
REMOVE = standard.REMOVE.of(
    CONTAINER, parameters=(FORCE, ANONYMOUS), refusal="{name} is {status} and cannot be removed now."
)
RECREATE = Operation(
    kind=CONTAINER,
    verb="recreate",
    title="Create it again",
    hidden=True,
    many=False,
    parameters=(Parameter(id="saved", label="Saved description", required=True),),
    help="Brings a removed container back from the description saved when it was removed.",
)

STACK_START = standard.START.of(STACK, title="Start the stack", refusal="All of {name} runs already.")
STACK_STOP = standard.STOP.of(STACK, title="Stop the stack", refusal="Nothing of {name} runs.")
STACK_RESTART = standard.RESTART.of(STACK, title="Restart the stack", refusal="Nothing of {name} can be restarted.")

IMAGE_REMOVE = standard.REMOVE.of(IMAGE, parameters=(FORCE_IMAGE,), refusal="{name} cannot be removed.")
VOLUME_REMOVE = standard.REMOVE.of(
    VOLUME,
    parameters=(FORCE_VOLUME,),
    confirm=Confirm.TYPED,
    refusal="{name} is in use; remove the containers that use it first.",
    help="What it holds is gone for good.",
)
NETWORK_REMOVE = standard.REMOVE.of(NETWORK, refusal="{name} belongs to the engine and cannot be removed.")

OPERATIONS: tuple[Operation, ...] = (
    START,
    STOP,
    RESTART,
    PAUSE,
    RESUME,
    KILL,
    RENAME,
    UPDATE,
    RUN,
    SHELL,
    REMOVE,
    RECREATE,
    STACK_START,
    STACK_STOP,
    STACK_RESTART,
    IMAGE_REMOVE,
    VOLUME_REMOVE,
    NETWORK_REMOVE,
)
