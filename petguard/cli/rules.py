"""`petguard rules`: list, explain and test the policy rules."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from petguard.cli import _streams
from petguard.errors import ConfigurationError, Exit
from petguard.handwritten import nearest
from petguard.rules import Example, Rule, load
from petguard.scan import Request, scan


@click.group("rules")
def command() -> None:
    """List, explain and test the policy rules."""


@command.command("list")
def list_all() -> int:
    """One line per rule."""
    _streams.result("".join(f"{rule.id}  {rule.card.severity:<8}  {rule.card.name}\n" for rule in load()))
    return Exit.OK


@command.command("show")
@click.argument("rule", metavar="ID|NAME")
def show(rule: str) -> int:
    """What a rule is about: why it exists, how to mend what it finds, and which clauses it is relevant to."""
    rules = load()
    found = next((each for each in rules if rule.upper() == each.id or rule.lower() == each.card.name), None)
    if found is None:
        is_id = rule.upper().startswith("PG")
        known = [each.id if is_id else each.card.name for each in rules]
        raise ConfigurationError(f"no such rule as {rule}; {nearest(rule.upper() if is_id else rule.lower(), known)}")
    _streams.result("\n".join(_card(found)) + "\n")
    return Exit.OK


@command.command("test")
def test() -> int:
    """Scan the examples of every rule: the bad ones must fire, the good ones must stay quiet."""
    rules = load()
    broken = [problem for rule in rules for problem in _problems(rule)]
    _streams.result("".join(f"{problem}\n" for problem in broken))
    count = sum(len(rule.examples.bad) + len(rule.examples.good) for rule in rules)
    _streams.result(f"{count} examples of {len(rules)} rules, {len(broken)} misbehave\n")
    return Exit.USAGE if broken else Exit.OK


def _card(rule: Rule) -> Iterator[str]:
    card = rule.card
    yield f"{card.id}  {card.name}"
    yield f"severity {card.severity}, confidence {rule.file.confidence}, checks a {rule.file.check.kind}"
    yield f"\nwhy: {card.why.strip()}"
    yield f"\nfix: {card.fix.strip()}"
    if card.clauses:
        yield "\nrelevant to: " + "; ".join(f"{clause.framework} {clause.clause}" for clause in card.clauses)


def _problems(rule: Rule) -> Iterator[str]:
    for kind, examples, expected in (("bad", rule.examples.bad, True), ("good", rule.examples.good, False)):
        for number, example in enumerate(examples, start=1):
            if _fires(rule, example) is not expected:
                yield f"{rule.id} {kind} example {number} {'stays quiet' if expected else 'fires'}"


def _fires(rule: Rule, example: Example) -> bool:
    with tempfile.TemporaryDirectory() as place:
        project = Path(place, "project")
        for name, content in example.files.items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(content, "utf-8")
        policy = Path(place, "petguard.yaml") if example.policy is not None else None
        if policy is not None and example.policy is not None:
            policy.write_text(example.policy, "utf-8")
        report = scan(Request(paths=(project,), policy=policy, today=example.today))
    return any(finding.rule == rule.id for finding in report.findings)
