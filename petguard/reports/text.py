"""The text report: what a person reads in a terminal or in a CI log."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from petguard.model import Agreement, Outcome, Severity
from petguard.report import AssetRow, ClaimRow, Compared, Finding, Flow, Place, Report
from petguard.reports import Format, _wording
from petguard.untrusted import log, terminal

_RED, _YELLOW, _GREEN, _CYAN, _BOLD, _DIM = "31", "33", "32", "36", "1", "2"
_OF_SEVERITY = {
    Severity.CRITICAL: f"{_BOLD};{_RED}",
    Severity.HIGH: _RED,
    Severity.MEDIUM: _YELLOW,
    Severity.LOW: _CYAN,
    Severity.INFO: _DIM,
}
_OF_OUTCOME = {Outcome.VERIFIED: _GREEN, Outcome.REFUTED: _RED, Outcome.UNVERIFIABLE: _YELLOW}
_OF_AGREEMENT = {
    Agreement.MATCHES: _GREEN,
    Agreement.UNDECLARED: _YELLOW,
    Agreement.NEVER_FOUND: _CYAN,
    Agreement.CONTRADICTS: _RED,
    Agreement.NOT_COMPARED: _DIM,
}
_WORST_CLAIM_FIRST = (Outcome.REFUTED, Outcome.UNVERIFIABLE, Outcome.VERIFIED)
_GAPS_SHOWN = 10
_ALIKE_SHOWN = 5
_PLACES_SHOWN = 3
_ROWS_SHOWN = 10


@dataclass(frozen=True)
class _Pen:
    """Colours words, or leaves them alone; whatever it is given must be encoded already."""

    color: bool

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.color else text


def render(report: Report, *, verbose: bool = False, color: bool = False) -> str:
    """Findings (worst first), claims, a summary and what was not checked.

    `verbose` adds witness paths, assumptions, the inventory, suppressed findings, and all that is only counted else.
    """
    pen = _Pen(color)
    blocks = [
        *_findings(report, pen, verbose=verbose),
        _claims(report, pen, verbose=verbose),
        _declared(report, pen, verbose=verbose),
        _inventory(report, pen) if verbose else [],
        _summary(report, pen),
        _not_checked(report, pen, shown=None if verbose else _GAPS_SHOWN),
        [_wording.closing(report)],
    ]
    return log("\n\n".join("\n".join(block) for block in blocks if block) + "\n")


def _findings(report: Report, pen: _Pen, *, verbose: bool) -> Iterator[list[str]]:
    flows = {flow.id: flow for flow in report.flows}
    for severity in _wording.WORST_FIRST:
        found = _wording.of_severity(report.findings, severity)
        if found:
            yield [
                pen(_OF_SEVERITY[severity], f"{severity} ({len(found):,})"),
                *(
                    line
                    for each in _shown(found, verbose=verbose)
                    for line in _finding(each, flows, pen, verbose=verbose)
                ),
                *([] if verbose else _more(found)),
            ]
    suppressed = [each for each in report.findings if each.state == "suppressed"]
    if verbose and suppressed:
        yield [f"suppressed ({len(suppressed):,})", *(_headline(each, pen) for each in suppressed)]


def _shown(found: Sequence[Finding], *, verbose: bool) -> Iterator[Finding]:
    """Without `verbose`, of what is only information the first few of each rule."""
    counts: Counter[str] = Counter()
    for each in found:
        counts[each.rule] += 1
        if verbose or each.severity is not Severity.INFO or counts[each.rule] <= _ALIKE_SHOWN:
            yield each


def _more(found: Sequence[Finding]) -> Iterator[str]:
    """What `_shown` leaves out, counted."""
    counts = Counter((each.rule, each.name) for each in found if each.severity is Severity.INFO)
    for (rule, name), count in counts.items():
        if count > _ALIKE_SHOWN:
            yield f"  … and {count - _ALIKE_SHOWN:,} more of {terminal(rule)} {terminal(name)}; --verbose lists them"


def _finding(finding: Finding, flows: dict[str, Flow], pen: _Pen, *, verbose: bool) -> list[str]:
    flow = flows.get(finding.flow or "")
    lines = [_headline(finding, pen) + _origin(finding, flow)]
    if verbose and flow:
        lines += [f"      {_place(step.path, step.line)}  {terminal(step.label)}" for step in flow.steps]
        lines += [
            f"      protected by {terminal(each.technique)}: {each.outcome or 'nobody claims how well'}"
            for each in flow.protections
        ]
    if verbose and finding.remedy:
        lines.append(f"      {pen(_DIM, 'fix:')} {terminal(_wording.prose(finding.remedy))}")
    return lines


def _headline(finding: Finding, pen: _Pen) -> str:
    doubt = "" if finding.result == "violation" else f" [{finding.result}]"
    known = " [existing]" if finding.state == "existing" else ""
    place = _place(finding.location.path, finding.location.line)
    rule = pen(_BOLD, terminal(finding.rule))
    return f"  {place}  {rule} {terminal(finding.name)}  {terminal(finding.message)}{doubt}{known}"


def _origin(finding: Finding, flow: Flow | None) -> str:
    """Where the data comes from, if that is not the line of the finding: many flows may end in one call."""
    if flow is None or (flow.source.path, flow.source.line) == (finding.location.path, finding.location.line):
        return ""
    more = f" and {len(finding.flows) - 1:,} more" if len(finding.flows) > 1 else ""
    return f"; from {_place(flow.source.path, flow.source.line)}{more}"


def _place(path: str, line: int | None) -> str:
    return terminal(path) if line is None else f"{terminal(path)}:{line}"


def _inventory(report: Report, pen: _Pen) -> list[str]:
    """Every asset with its first place, by kind."""
    rows = [f"  {row.kind:<17}{terminal(row.name)}{_whose(row)}  {_first_place(row)}" for row in report.inventory]
    return [pen(_BOLD, "inventory"), *rows] if rows else []


def _whose(row: AssetRow) -> str:
    known = [each for each in (row.version, row.provider) if each]
    return f" ({terminal(', '.join(known))})" if known else ""


def _first_place(row: AssetRow) -> str:
    first, more = row.locations[0], len(row.locations) - 1
    return _place(first.path, first.line) + (f" and {_wording.counted(more, 'other place')}" if more else "")


def _claims(report: Report, pen: _Pen, *, verbose: bool) -> list[str]:
    rows = [
        line
        for outcome in _WORST_CLAIM_FIRST
        for claim in report.claims
        if claim.outcome is outcome
        for line in _claim(claim, pen, verbose=verbose)
    ]
    return ["claims", *rows] if rows else []


def _claim(claim: ClaimRow, pen: _Pen, *, verbose: bool) -> list[str]:
    outcome = pen(_OF_OUTCOME[claim.outcome], f"{claim.outcome.upper():<12}")
    place = _place(claim.location.path, claim.location.line)
    indent = " " * 15
    lines = [f"  {outcome} {place}  {terminal(claim.technique)}  {terminal(claim.subject)}"]
    lines.append(f"{indent}{terminal(claim.explanation)}{f' [{claim.reason}]' if claim.reason else ''}")
    if claim.stated or claim.interval:
        stated = ", ".join(_wording.pairs(claim.stated)) or "nothing"
        is_bounded = claim.interval not in (None, (None, None))
        computed = f"computed {_wording.interval(claim.interval)} ({claim.method})" if is_bounded else "not computed"
        lines.append(indent + terminal(f"stated {stated}; {computed}"))
    if verbose:
        lines += [f"{indent}assumes {terminal(each)}" for each in claim.assumptions]
        lines += [f"{indent}witness {terminal(each)}" for each in _wording.pairs(claim.witness)]
    lines += [f"{indent}hazard {terminal(each.detail)} ({_place(each.path, each.line)})" for each in claim.hazards]
    if claim.remedy:
        lines.append(f"{indent}remedy: {terminal(', '.join(_wording.pairs(claim.remedy)))}")
    return lines


def _declared(report: Report, pen: _Pen, *, verbose: bool) -> list[str]:
    """The comparison; without `verbose` only the differences, and nothing where nothing is declared."""
    quiet = () if verbose else (Agreement.MATCHES, Agreement.NOT_COMPARED)
    rows = [row for row in _wording.compared(report.declared) if row.verdict not in quiet]
    shown = rows if verbose else rows[:_ROWS_SHOWN]
    lines = [_compared(row, pen) for row in shown]
    if len(rows) > len(shown):
        lines.append(f"  … and {len(rows) - len(shown):,} more; --verbose lists them")
    return [pen(_BOLD, "declared against detected"), *lines] if lines else []


def _compared(row: Compared, pen: _Pen) -> str:
    verdict = pen(_OF_AGREEMENT[row.verdict], f"{row.verdict.replace('_', ' '):<13}")
    declared, found = _few_places(row.declared), _few_places(row.detected)
    where = [f"declared in {declared}" if declared else "", f"found in {found}" if found else ""]
    return f"  {verdict} {terminal(row.what)}: {terminal(row.why)} ({'; '.join(filter(None, where))})"


def _few_places(places: Sequence[Place]) -> str:
    shown = ", ".join(_place(each.path, each.line) for each in places[:_PLACES_SHOWN])
    more = len(places) - _PLACES_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def _summary(report: Report, pen: _Pen) -> list[str]:
    passed, complete = report.policy_decision == "pass", report.execution_status == "complete"
    decision = pen(_GREEN if passed else _RED, report.policy_decision)
    status = pen(_GREEN if complete else _YELLOW, report.execution_status)
    suppressed = len(report.findings) - len(_wording.active(report))
    unapproved = sum(asset.approved is False for asset in report.inventory)
    inventory = _wording.tally(asset.kind for asset in report.inventory)
    found = _wording.tally_by_severity(_wording.active(report))
    return [
        f"policy     {decision} ({terminal(report.scope.policy)}), scan {status}",
        f"findings   {found}{f'; {suppressed:,} suppressed' if suppressed else ''}",
        f"claims     {_wording.tally(claim.outcome for claim in report.claims)}",
        f"inventory  {inventory}{f'; {unapproved:,} not approved' if unapproved else ''}",
        f"flows      {_wording.tally(f'to {flow.sink.kind}' for flow in report.flows)}",
        *_comparison(report),
        f"coverage   {terminal(_wording.coverage(report.coverage))}",
    ]


def _comparison(report: Report) -> Iterator[str]:
    """One line on what is declared, where anything is."""
    if report.declared.declarations:
        verdicts = _wording.tally(row.verdict.replace("_", " ") for row in report.declared.rows)
        yield f"declared   {terminal(_wording.declaring(report.declared))}; compared: {verdicts}"


def _not_checked(report: Report, pen: _Pen, *, shown: int | None) -> list[str]:
    lines = []
    for reason, gaps in _wording.by_reason(report.coverage.gaps).items():
        lines.append(f"  {pen(_YELLOW, terminal(reason))} ({len(gaps):,})")
        lines += [f"    {_place(gap.path, gap.line)}  {gap.state}: {terminal(gap.detail)}" for gap in gaps[:shown]]
        if shown is not None and len(gaps) > shown:
            lines.append(f"    and {len(gaps) - shown:,} more")
    return ["not checked", *lines] if lines else []


FORMAT = Format(name="text", render=render)
