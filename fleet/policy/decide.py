"""How policy comes to its answer.

1. Read-only mode denies everything that is not a reading operation, commands and shells included.
2. The first of the user's rules that fits answers; without one the baseline does: reading is allowed, a change asks
   as much as its operation says, several changes and every destruction ask, destroying more than five at once wants
   their number typed, and what anybody but a person proposes is asked.
3. Protection is a floor below that answer: at a protected connection, or on a resource labelled
   ``quarterdeck.protected=true``, a change asks and a destruction wants the name typed. Only a rule that itself says
   ``protected = true`` may go below it.
4. Commands that are dangerous by their shape are a floor as well, and for an assistant or an agent a wall.

With several targets each is asked about by itself, and the strictest answer holds for all: nothing becomes allowed by
being done together with something else. The reason names the rule that decided, with its file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from backends.contract.model import ConnectionSpec, Resource
from backends.contract.operation import Confirm, Effect, Operation, Plan
from fleet.policy.rules import Question, Rule, fits, has_label
from fleet.values import Actor, Decision, Verdict

PROTECTED: Final = "quarterdeck.protected=true"
"""The label that protects a single resource."""
MANY: Final = 5
"""Destroying more than this many at once wants their number typed."""

_STRICTNESS: Final[Mapping[Verdict, int]] = {Verdict.ALLOW: 0, Verdict.ASK: 1, Verdict.TYPED: 2, Verdict.DENY: 3}
_CONFIRM: Final[Mapping[Confirm, Verdict]] = {
    Confirm.NONE: Verdict.ALLOW,
    Confirm.ASK: Verdict.ASK,
    Confirm.TYPED: Verdict.TYPED,
}

_START = r"(?:^|[;&|('\"`{\n]|\b(?:sudo|doas|systemctl|exec|nohup|env|time|-c)\s+(?:-\S+\s+)*)\s*(?:/\S*/)?"
"""Where a command's name may stand; ``last reboot`` reboots nothing."""
DANGEROUS: Final[Sequence[tuple[str, str]]] = (
    (
        r"\brm\s+(?:-\S*\s+)*['\"]?(?:/+\.{0,2}/*\*?|~/?\*?|\$\{?HOME\}?/?\*?)['\"]?(?:\s|$|[;&|)'\"])",
        "it deletes a whole tree from its root",
    ),
    (r"\bfind\s+/\s.*-delete\b", "it deletes a whole tree from its root"),
    (r"\b(?:mkfs(?:\.\w+)?|wipefs|blkdiscard)\b", "it makes a disk empty"),
    (r"\bdd\b.*\bof=['\"]?/dev/(?!null\b|zero\b|stdout\b|stderr\b)", "it writes over a device"),
    (r">\s*/dev/(?:sd|nvme|vd|xvd|mmcblk|hd|md|dm-|mapper)", "it writes over a device"),
    (_START + r"(?:shutdown|poweroff|halt|reboot)\b", "it switches the machine off"),
    (_START + r"(?:tel)?init\s+[06]\b", "it switches the machine off"),
    (r":\s*\(\s*\)\s*\{.*\|.*&\s*\}\s*;\s*:", "it is a fork bomb"),
    (
        r"\b(?:curl|wget)\b[^|]*\|\s*(?:(?:sudo|doas|env)\s+(?:-\S+\s+)*)?(?:/\S*/)?(?:ba|z|da|k|a)?sh\b",
        "it runs what it downloads, unseen",
    ),
    (r"\b(?:ba|z|da|k|a)?sh\b[^;|&]*[<$]\(\s*(?:curl|wget)\b", "it runs what it downloads, unseen"),
    (r"\bch(?:mod|own)\s+(?:-\S+\s+)*\S+\s+/(?:\s|$|['\"])", "it changes the rights of everything"),
)
"""Shapes of commands no one runs by habit, and what they do."""


class Policy:
    """The user's rules above a baseline that suits a careful operator."""

    def __init__(self, rules: Sequence[Rule] = (), *, read_only: bool = False) -> None:
        self._rules = tuple(rules)
        self._read_only = read_only

    def decide(
        self,
        operation: Operation,
        plan: Plan,
        *,
        actor: Actor,
        specs: Mapping[str, ConnectionSpec],
        resources: Sequence[Resource],
        command: str | None = None,
    ) -> Decision:
        """Decide for a plan.

        Args:
            operation: what is to be done.
            plan: what it would do.
            actor: who asks.
            specs: the connections touched, by id.
            resources: what it would be done to.
            command: the command line of ``exec`` and ``shell``.
        """
        if self._read_only and operation.effect is not Effect.READ:
            return Decision(Verdict.DENY, "Quarterdeck is in read-only mode.")
        asked = _Asked(operation, plan, actor, command)
        answers = [self._answer(asked, target) for target in _targets(specs, resources)]
        answers.append(_Answer(*_danger(actor, command)))
        strictest = max(answers, key=lambda answer: _STRICTNESS[answer.verdict])
        if strictest.verdict is Verdict.ALLOW:
            strictest = answers[0]
        word = _word(resources, plan, strictest.guarded) if strictest.verdict is Verdict.TYPED else ""
        return Decision(strictest.verdict, strictest.reason, word)

    def _answer(self, asked: _Asked, target: _Target) -> _Answer:
        question = Question(
            operation=asked.operation,
            actor=asked.actor,
            command=asked.command,
            connection=target.connection,
            labels=target.labels,
            protected=target.guarded is not None,
        )
        found = next(((number, rule) for number, rule in enumerate(self._rules, 1) if fits(rule, question)), None)
        if found is None:
            verdict, reason = _baseline(asked)
        else:
            number, rule = found
            where = f"Policy rule {number}{f' ({rule.origin})' if rule.origin else ''} says {rule.decision.value}."
            verdict, reason = rule.decision, f"{rule.reason} {where}".strip()
            if rule.protected:
                return _Answer(verdict, reason, target.guarded)
        floor, why = _protection(asked.operation, asked.actor, target.guarded)
        if _STRICTNESS[floor] > _STRICTNESS[verdict]:
            verdict, reason = floor, why
        return _Answer(verdict, reason, target.guarded)


class _Asked(NamedTuple):
    """What is asked, whatever the target."""

    operation: Operation
    plan: Plan
    actor: Actor
    command: str | None


class _Target(NamedTuple):
    """What of a target matters to policy; ``guarded`` is the name of what is protected, if anything is."""

    connection: str
    labels: Mapping[str, str]
    guarded: str | None


class _Answer(NamedTuple):
    verdict: Verdict
    reason: str
    guarded: str | None = None


def _targets(specs: Mapping[str, ConnectionSpec], resources: Sequence[Resource]) -> Sequence[_Target]:
    """What is touched, each once; the connections themselves where there is no resource yet."""
    found: list[_Target] = []
    for resource in resources:
        spec = specs.get(resource.id.connection)
        below = spec.labels if spec else {}
        guarded = _guarded(spec)
        if guarded is None and has_label(resource.labels, PROTECTED):
            guarded = resource.name
        found.append(_Target(resource.id.connection, {**below, **resource.labels}, guarded))
    if not found:
        found = [_Target(name, spec.labels, _guarded(spec)) for name, spec in specs.items()]
    return found or [_Target("", {}, None)]


def _guarded(spec: ConnectionSpec | None) -> str | None:
    return spec.id if spec is not None and (spec.protected or has_label(spec.labels, PROTECTED)) else None


def _baseline(asked: _Asked) -> tuple[Verdict, str]:
    operation, plan, count = asked.operation, asked.plan, len(asked.plan.steps)
    if operation.effect is Effect.READ:
        return Verdict.ALLOW, "It only reads."
    if asked.actor is not Actor.PERSON:
        return Verdict.ASK, f"What {_a(asked.actor)} proposes, a person approves."
    verdict = _CONFIRM[operation.confirm]
    if operation.effect is Effect.DESTROY:
        if count > MANY:
            return Verdict.TYPED, f"It destroys {count} at once."
        reason = "It destroys." if plan.reversible else "It cannot simply be taken back."
        return _stricter(verdict, Verdict.ASK), reason
    if count > 1:
        return _stricter(verdict, Verdict.ASK), f"It changes {count} at once."
    return verdict, "It is asked each time." if verdict is not Verdict.ALLOW else "It changes one thing, and back."


def _protection(operation: Operation, actor: Actor, guarded: str | None) -> tuple[Verdict, str]:
    if guarded is None or operation.effect is Effect.READ:
        return Verdict.ALLOW, ""
    if operation.effect is Effect.DESTROY:
        if actor in (Actor.ASSISTANT, Actor.AGENT):
            return Verdict.DENY, f"{guarded} is protected; {_a(actor)} may not destroy there."
        return Verdict.TYPED, f"{guarded} is protected."
    return Verdict.ASK, f"{guarded} is protected."


def _danger(actor: Actor, command: str | None) -> tuple[Verdict, str]:
    for pattern, what in _dangerous() if command else ():
        if pattern.search(command or ""):
            if actor in (Actor.ASSISTANT, Actor.AGENT):
                return Verdict.DENY, f"The command is not for {_a(actor)}: {what}."
            return Verdict.TYPED, f"Look at the command again: {what}."
    return Verdict.ALLOW, ""


@lru_cache(maxsize=1)
def _dangerous() -> Sequence[tuple[re.Pattern[str], str]]:
    """Compiled when a first command is judged: the interface only needs the rules' shape, and at once."""
    return tuple((re.compile(pattern, re.DOTALL), what) for pattern, what in DANGEROUS)


def _word(resources: Sequence[Resource], plan: Plan, guarded: str | None) -> str:
    """What has to be typed: the one thing's name, what is protected, or how many they are."""
    if len(resources) == 1:
        return resources[0].name or resources[0].id.native or "yes"  # never nothing, which is typed by pressing Enter
    return guarded or str(len(resources) or len(plan.steps))


def _stricter(first: Verdict, second: Verdict) -> Verdict:
    return max(first, second, key=lambda verdict: _STRICTNESS[verdict])


def _a(actor: Actor) -> str:
    return f"an {actor.value}" if actor.value[0] in "aeiou" else f"a {actor.value}"
