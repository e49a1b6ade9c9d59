"""The verbs that run a program in a container: their plans, and running one to its end."""

from __future__ import annotations

from contextlib import aclosing

from backends.contract.errors import Invalid, Unsupported
from backends.contract.model import Command, Resource, Stream
from backends.contract.operation import Arguments, Outcome, Report, Step
from backends.docker.session import DockerSession


async def plan_exec(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Shows the call. Values of environment variables stay out of it: they may be secrets."""
    command = command_of(arguments)
    options = _options(command)
    limit = f", for {command.timeout:g} s at most" if command.timeout is not None else ""
    call = session.endpoint.call("exec", *options, resource.name, *command.argv)
    return Step(resource.id, resource.name, f"runs a command{limit}", call)


async def run_exec(session: DockerSession, resource: Resource, arguments: Arguments, report: Report) -> Outcome:
    """Run it and hand on what it says."""
    code = 0
    async with aclosing(session.run(resource.id, command_of(arguments))) as outputs:
        async for output in outputs:
            if output.exit_code is not None:
                code = output.exit_code
            if output.data:
                report.output(output.data, error=output.stream is not Stream.OUT)
    return Outcome(f"The command ended with exit code {code}.", exit_code=code)


async def plan_shell(session: DockerSession, resource: Resource, arguments: Arguments) -> Step:
    """Shows the call; without a command the shell is found when it opens."""
    words = arguments.get("command") or ["sh"]
    user = ("--user", str(arguments["user"])) if arguments.get("user") else ()
    call = session.endpoint.call("exec", "--interactive", "--tty", *user, resource.name, *words)
    does = "opens a terminal" if arguments.get("command") else "opens a terminal with the best shell it has"
    return Step(resource.id, resource.name, does, call)


async def run_shell(_session: DockerSession, _resource: Resource, _arguments: Arguments, _report: Report) -> Outcome:
    """Refuse: a terminal needs somebody in front of it.

    Raises:
        Unsupported: always.
    """
    raise Unsupported("A shell needs a terminal.", hint="Open it from the interface, or with qd shell.")


def command_of(arguments: Arguments) -> Command:
    """The command the arguments describe.

    Raises:
        Invalid: if an environment variable is not written NAME=value.
    """
    environment: dict[str, str] = {}
    for word in arguments.get("env") or ():
        name, equals, value = str(word).partition("=")
        if not name or not equals:
            raise Invalid(f"“{word}” is no environment variable; write NAME=value.")
        environment[name] = value
    limit = arguments.get("limit")
    return Command(
        argv=tuple(str(word) for word in arguments.get("command") or ()),
        user=arguments.get("user") or None,
        cwd=arguments.get("cwd") or None,
        env=environment,
        timeout=float(limit) if limit is not None else None,
    )


def _options(command: Command) -> list[str]:
    options: list[str] = []
    if command.user:
        options += ["--user", command.user]
    if command.cwd:
        options += ["--workdir", command.cwd]
    for name in command.env:
        options += ["--env", name]
    return options
