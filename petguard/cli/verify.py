"""`petguard verify`: only the claims, what was computed about each, and by which method."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal, Unpack

import click

from petguard.cli import _scanning, _streams
from petguard.errors import Exit, NothingToScan
from petguard.model import Balance, Outcome
from petguard.report import ClaimRow, Ledger, Report
from petguard.scan import scan
from petguard.untrusted import json_text, log, terminal


class _Options(_scanning.Options):
    output: Literal["text", "json"]
    probe: bool


@click.command("verify")
@_scanning.scanning
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Text (default) or JSON.")
@click.option(
    "--probe", is_flag=True, help="Run the probes that claims declare: this executes code of the scanned project."
)
def command(**options: Unpack[_Options]) -> int:
    """Check the privacy protections that the project claims.

    A claim may name a probe, a function MODULE:FUNCTION of the project. With --probe it is called in a process of its
    own, without network and with limits, and what it gives is audited.

    Exit codes: 0 all claims verified, 1 a claim is refuted or a budget exceeded, 3 nothing is claimed, 4 a claim could
    not be checked.
    """
    report = scan(replace(_scanning.request(options), probe=options["probe"]))
    if not report.claims:
        raise NothingToScan("no protection is claimed here; state one under `claims:` in petguard.yaml")
    if options["output"] == "json":
        _streams.result(json_text([row.model_dump(mode="json") for row in report.claims]))
    else:
        blocks = ["\n".join(_lines(row)) for row in report.claims] + [
            "\n".join(_spent(each)) for each in report.ledgers
        ]
        _streams.result(log("\n\n".join([*blocks, _closing(report)]) + "\n"))
    if options["exit_zero"]:
        return Exit.OK
    return _exit_code(report, allow_incomplete=options["allow_incomplete"])


def _exit_code(report: Report, *, allow_incomplete: bool) -> Exit:
    outcomes, balances = {row.outcome for row in report.claims}, {each.balance for each in report.ledgers}
    if Outcome.REFUTED in outcomes or Balance.EXCEEDED in balances:
        return Exit.VIOLATED
    known = outcomes == {Outcome.VERIFIED} and Balance.UNKNOWN not in balances
    if allow_incomplete or (known and report.execution_status == "complete"):
        return Exit.OK
    return Exit.INCOMPLETE


def _lines(row: ClaimRow) -> Iterator[str]:
    place = f"{terminal(row.location.path)}:{row.location.line}"
    yield f"{row.outcome.upper()}  {row.technique}  {terminal(row.subject)}  ({place})"
    yield f"  computed    {terminal(row.explanation)}"
    yield f"  method      {terminal(row.method)}{f' ({row.reason})' if row.reason else ''}"
    if row.interval is not None:
        low, high = ("?" if bound is None else f"{bound:.6g}" for bound in row.interval)
        yield f"  interval    [{low}, {high}]"
    for label, values in (("stated", row.stated), ("parameters", row.parameters)):
        if values:
            yield f"  {label:<11} {_pairs(values)}"
    for each in row.hazards:
        yield f"  hazard      {terminal(f'{each.detail} ({each.path}:{each.line})')}"
    for assumption in row.assumptions:
        yield f"  assuming    {terminal(assumption)}"
    for label, values in (("witness", row.witness), ("remedy", row.remedy)):
        if values:
            yield f"  {label:<11} {_pairs(values)}"


def _spent(ledger: Ledger) -> Iterator[str]:
    """All releases about one data set, or one kind of person."""
    yield f"{ledger.balance.upper().replace('_', ' ')}  budget of {ledger.kind} {terminal(ledger.about)}"
    yield f"  together    {terminal(ledger.explanation)}"
    for row in ledger.releases:
        broke = ", with which the budget is exceeded" if row.claim == ledger.broke else ""
        place = f"{row.location.path}:{row.location.line}"
        yield f"  release     {terminal(f'{place} {row.technique}, {row.why or row.counted}')}{broke}"
    if ledger.remedy:
        yield f"  remedy      {_pairs(ledger.remedy)}"


def _pairs(values: Any) -> str:
    return terminal(", ".join(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()))


def _closing(report: Report) -> str:
    counts = {outcome: sum(row.outcome is outcome for row in report.claims) for outcome in Outcome}
    said = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
    return f"{len(report.claims):,} claims: {said}; {len(report.coverage.gaps):,} things not checked"
