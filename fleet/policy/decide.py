"""How policy comes to its answer.

1. Read-only mode denies everything that is not a reading operation, commands and shells included.
2. The first of the user's rules that fits answers; without one the baseline does.
3. Protection is a floor below that answer: at a protected connection, or on a resource labelled
   ``quarterdeck.protected=true``, a change asks and a destruction wants the name typed. Only a rule that itself says
   ``protected = true`` may go below it.
4. Commands that are dangerous by their shape are a floor as well, and for an assistant or an agent a wall.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

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

DANGEROUS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"\brm\s+(-\S+\s+|--\S+\s+)*(/|/\*|~|\$HOME)(\s|$|['\"])"), "it deletes a whole tree from its root"),
    (re.compile(r"\b(mkfs(\.\w+)?|wipefs|blkdiscard)\b"), "it makes a disk empty"),
    (re.compile(r"\bdd\b.*\bof=/dev/"), "it writes over a device"),
    (re.compile(r">\s*/dev/(sd|nvme|vd|mmcblk|hd)"), "it writes over a device"),
    (re.compile(r"\b(shutdown|poweroff|halt|reboot)\b|\binit\s+[06]\b"), "it switches the machine off"),
    (re.compile(r":\s*\(\s*\)\s*\{.*\|.*&\s*\}\s*;\s*:"), "it is a fork bomb"),
    (re.compile(r"\b(curl|wget)\b[^|;&]*\|\s*(sudo\s+)?(ba|z|da|k)?sh\b"), "it runs what it downloads, unseen"),
    (re.compile(r"\bch(mod|own)\s+(-\S+\s+)*\S+\s+/(\s|$|['\"])"), "it changes the rights of everything"),
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
        guarded = _guarded(specs, resources)
        question = Question(operation, resources, tuple(specs.values()), actor, command, guarded is not None)
        verdict, reason, binding = self._answer(question, plan)
        floors = [] if binding else [_protection(operation, actor, guarded)]
        floors.append(_danger(actor, command))
        for floor, why in floors:
            if _STRICTNESS[floor] > _STRICTNESS[verdict]:
                verdict, reason = floor, why
        word = _word(resources, guarded) if verdict is Verdict.TYPED else ""
        return Decision(verdict, reason, word)

    def _answer(self, question: Question, plan: Plan) -> tuple[Verdict, str, bool]:
        """The verdict, why, and whether it was a rule that speaks of protection itself."""
        for number, rule in enumerate(self._rules, start=1):
            if fits(rule, question):
                reason = rule.reason or f"Policy rule {number} says {rule.decision.value}."
                return rule.decision, reason, rule.protected is True
        verdict, reason = _baseline(question, plan)
        return verdict, reason, False


def _baseline(question: Question, plan: Plan) -> tuple[Verdict, str]:
    operation, count = question.operation, len(plan.steps)
    if operation.effect is Effect.READ:
        return Verdict.ALLOW, "It only reads."
    if question.actor is not Actor.PERSON:
        return Verdict.ASK, f"What {_a(question.actor)} proposes, a person approves."
    verdict = _CONFIRM[operation.confirm]
    if operation.effect is Effect.DESTROY:
        if count > MANY:
            return Verdict.TYPED, f"It destroys {count} at once."
        return _stricter(
            verdict, Verdict.ASK
        ), "It cannot simply be taken back." if not plan.reversible else "It destroys."
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
    for pattern, what in DANGEROUS if command else ():
        if pattern.search(command or ""):
            if actor in (Actor.ASSISTANT, Actor.AGENT):
                return Verdict.DENY, f"The command is not for {_a(actor)}: {what}."
            return Verdict.TYPED, f"Look at the command again: {what}."
    return Verdict.ALLOW, ""


def _guarded(specs: Mapping[str, ConnectionSpec], resources: Sequence[Resource]) -> str | None:
    """What is protected among the things touched, by name; ``None`` when nothing is."""
    for spec in specs.values():
        if spec.protected:
            return spec.id
    return next((resource.name for resource in resources if has_label(resource, PROTECTED)), None)


def _word(resources: Sequence[Resource], guarded: str | None) -> str:
    """What has to be typed: the one thing's name, what is protected, or how many they are."""
    if len(resources) == 1:
        return resources[0].name
    return guarded or str(len(resources))


def _stricter(first: Verdict, second: Verdict) -> Verdict:
    return max(first, second, key=lambda verdict: _STRICTNESS[verdict])


def _a(actor: Actor) -> str:
    return f"an {actor.value}" if actor.value[0] in "aeiou" else f"a {actor.value}"
