"""What branches, loops and blocks that may stop anywhere mean for the names around them.

A loop turns until a round leaves nothing new behind. Of loops in loops only the outermost is turned; the inner ones
remember what a round brought to the next, so that deep nests cost no more than flat ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from petguard.flows import form as f
from petguard.flows.scopes import Names, Passed
from petguard.flows.sources import words_of
from petguard.flows.values import EMPTY, Value, joined

if TYPE_CHECKING:
    from petguard.flows.interpret import Interpreter, Scope

_CONSENT = re.compile(  # in snake_case or camelCase; `consent_required` and `consentFormUrl` speak of something else
    r"(?:^|_|\b|(?<=[a-z0-9])(?=[A-Z]))(?<!no_)(?<!without_)(?<!needs_)(?<!requires_)(?<!require_)(?<!missing_)"
    r"(?i:(?:has|have|gave|given)?_?(?:consent|opted_?in|opt_?in(?![a-z])|agreed_?to|permission_?(?:given|granted))|"
    r"(?:gave|given)_?permission)"
    r"(?!(?i:_?(?:form|url|link|page|text|version|require|need|screen|banner|manager|service|dialog|missing|template)))"
)
_ROUNDS = 10  # of the outermost loop
_MANY_EXITS = 30


@dataclass
class _Turn:
    """One round of a loop: the names around it, and those where it was left or ended early."""

    scope: "Scope"
    around: Names
    exits: list[Names] = field(default_factory=list)


class Control:
    """Follows statements that hold others, for an interpreter."""

    def __init__(self, interpreter: "Interpreter") -> None:
        self._in = interpreter
        self._carried: dict[f.Loop, dict[str, Value]] = {}  # what rounds left for the next
        self._turns: list[_Turn] = []
        self._news = False
        self._cleaning = False

    def branch(self, each: f.Branch) -> bool:
        """Follow every arm; False when none reaches its end."""
        for test in each.tests:
            self._in.value(test)
        scope, asked = self._in.scope, [_consent(test) for test in each.tests]
        ends, names, guards = [], scope.names, scope.guards
        kept: list[list[str]] = []
        for index, arm in enumerate(each.arms):
            # What was not asked for in an arm before is granted here.
            denied = [one[0] for one in asked[:index] if one is not None and not one[1]]
            own = [one[0] for one in asked[index : index + 1] if one is not None and one[1]]
            granted = [*denied, *own]
            scope.guards = (*guards, *granted)
            with self._in.layer() as layer:
                if self._in.block(arm):
                    ends.append(layer)
                    kept.append(granted)
            scope.guards = guards
        names.take_one_of(ends)
        # What every arm that goes on was granted holds from here on.
        scope.guards = (*guards, *(name for name in next(iter(kept), ()) if all(name in each for each in kept)))
        return bool(ends) or not each.arms

    def loop(self, each: f.Loop) -> None:
        """Follow a body until nothing new comes out of it."""
        if self._turns:
            self._turn(each)
            return
        for _ in range(_ROUNDS):
            self._news = False
            self._turn(each)
            if not self._news:
                return
        line, _ = f.line_and_column(each.at)
        self._in.summary.unread.append((line, "the loop hands its values on through more names than are followed"))

    def _turn(self, each: f.Loop) -> None:
        names, carried, passed = self._in.scope.names, self._carried.setdefault(each, {}), Passed()
        names.may_be({name: [value] for name, value in carried.items()})
        over = EMPTY if each.over is None else self._in.value(each.over)
        with self._in.layer(passed) as layer:
            turn = _Turn(self._in.scope, names)
            self._turns.append(turn)
            try:
                if each.target is not None:
                    self._in.assign(each.target, over.element(), each.at)
                if self._in.block(each.body):
                    turn.exits.append(layer)
            finally:
                self._turns.pop()
        if len(turn.exits) > _MANY_EXITS:
            layer.may_be(passed)
            turn.exits = [layer]
        names.take_one_of([*turn.exits, names.layer()])
        names.pass_on(passed)
        self._carry(carried, turn.exits)

    def _carry(self, carried: dict[str, Value], exits: Sequence[Names]) -> None:
        for layer in exits:
            for name, value in layer.held().items():
                known = carried.get(name)
                both = value if known is None else joined([known, value])
                if known is None or both.adds_to(known):
                    carried[name] = self._in.small(both)
                    self._news = True

    def stop(self, each: f.Stop) -> bool:
        """The rest of the block is not reached; a loop may go on, or have ended, with the names of here."""
        if each.value is not None:
            self._in.value(each.value)
        elif self._turns and self._turns[-1].scope is self._in.scope:
            turn = self._turns[-1]
            if len(turn.exits) <= _MANY_EXITS:
                turn.exits.append(self._in.scope.names.since(turn.around))
        return False

    def attempt(self, each: f.Try) -> bool:
        """A handler finds any value that a name had in the body; what runs in any case, those of handlers too."""
        names, ends, tried, caught = self._in.scope.names, [], Passed(), Passed()
        with self._in.layer(tried) as layer:
            if self._in.block(each.body):
                ends.append(layer)
        for handler in each.handlers:
            with self._in.layer(caught) as layer:
                layer.may_be(tried)
                if self._in.block(handler):
                    ends.append(layer)
        names.pass_on(tried)
        names.pass_on(caught)
        self._stopped(each.final, [tried, caught])
        names.take_one_of(ends)
        return self._in.block(each.final) and bool(ends)

    def _stopped(self, final: Sequence[f.Statement], passed: Sequence[Passed]) -> None:
        """What runs in any case may do so after the body stopped anywhere; what it leaves behind is not seen then."""
        if not final or self._cleaning:
            return
        self._cleaning = True
        try:
            with self._in.layer() as layer:
                for each in passed:
                    layer.may_be(each)
                self._in.block(final)
        finally:
            self._cleaning = False


def _consent(test: f.Expr) -> tuple[str, bool] | None:
    """What a condition says of consent, and whether it asks that there is some."""
    denied = isinstance(test, f.Only) and len(test.parts) == 1
    named = next((name for name in words_of(test, EMPTY) if _CONSENT.search(name)), None)
    return (named, not denied) if named else None
