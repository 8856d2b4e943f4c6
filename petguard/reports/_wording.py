"""Words, numbers and orders that the reports for people share."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from petguard.model import Agreement, Balance, Severity
from petguard.report import Compared, Coverage, Declared, Finding, GapRow, Ledger, LedgerRow, Report

WORST_FIRST = tuple(reversed(Severity))
DIFFERENCES_FIRST = (
    Agreement.CONTRADICTS,
    Agreement.UNDECLARED,
    Agreement.NEVER_FOUND,
    Agreement.NOT_COMPARED,
    Agreement.MATCHES,
)

WORST_BALANCE_FIRST = (Balance.EXCEEDED, Balance.UNKNOWN, Balance.WITHIN, Balance.NO_BUDGET, Balance.UNUSED)


def counted(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def prose(text: str) -> str:
    """Running text of a rule on one line: its line breaks are only those of the file it is written in."""
    return " ".join(text.split())


def value(found: Any) -> str:
    """A stated or computed value in a form that people read; text is not encoded for any sink yet."""
    if isinstance(found, bool) or found is None:
        return {True: "yes", False: "no", None: "not known"}[found]
    if isinstance(found, float):
        return f"{found:.6g}"
    if isinstance(found, Mapping):
        return "{" + ", ".join(pairs(found)) + "}"
    if isinstance(found, list | tuple):
        return "[" + ", ".join(value(each) for each in found) + "]"
    return str(found)


def pairs(mapping: Mapping[str, Any]) -> list[str]:
    """Each entry as `key = value`, in the order of the mapping."""
    return [f"{key} = {value(found)}" for key, found in mapping.items()]


def interval(bounds: tuple[float | None, float | None] | None) -> str:
    """What is known of the true value; nothing at all is said as such."""
    low, high = bounds or (None, None)
    if low is None and high is None:
        return "not computed"
    if low is None:
        return f"at most {value(high)}"
    if high is None:
        return f"at least {value(low)}"
    return value(low) if low == high else f"{value(low)} to {value(high)}"


def tally(kinds: Iterable[str]) -> str:
    """`3 ai_sdk, 1 model`: how many of each, in alphabetical order; `none` when there are none."""
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(Counter(kinds).items())) or "none"


def of_severity(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """The findings of one severity in the report's order, without the suppressed ones."""
    return [each for each in findings if each.severity is severity and each.state != "suppressed"]


def active(report: Report) -> list[Finding]:
    """All findings that nobody suppressed."""
    return [each for each in report.findings if each.state != "suppressed"]


def files_read(coverage: Coverage) -> int:
    """How many files were analysed, in whole or in part."""
    return coverage.analysed + coverage.partial


def by_reason(gaps: Iterable[GapRow]) -> dict[str, list[GapRow]]:
    """The gaps of each reason, the most frequent reason first."""
    groups: dict[str, list[GapRow]] = {}
    for gap in gaps:
        groups.setdefault(gap.reason, []).append(gap)
    return dict(sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])))


def closing(report: Report) -> str:
    """What was done and found, and no more than that."""
    found = active(report)
    severities = tally_by_severity(found)
    return (
        f"{counted(len(found), 'finding')}{f' ({severities})' if found else ''}"
        f" in {counted(files_read(report.coverage), 'file')}, {counted(len(report.rules), 'rule')};"
        f" {counted(len(report.coverage.gaps), 'thing')} not checked"
    )


def tally_by_severity(findings: Iterable[Finding]) -> str:
    """`1 critical, 2 high`, the worst first; `none` when there are none."""
    counts = Counter(each.severity for each in findings)
    return ", ".join(f"{counts[severity]:,} {severity}" for severity in WORST_FIRST if counts[severity]) or "none"


def ledgers(of: Iterable[Ledger]) -> list[Ledger]:
    """The ledgers, those over their budget first."""
    return sorted(of, key=lambda each: WORST_BALANCE_FIRST.index(each.balance))


def release(row: LedgerRow, broke: str | None) -> str:
    """One release of a ledger in a line: where, what it spends alone, and whether it broke the budget."""
    place = f"{row.location.path}:{row.location.line}"
    spends = row.why or f"alone {interval(row.interval)}"
    broken = "; with this release the budget is exceeded" if row.claim == broke else ""
    return f"{place}  {row.technique}  {spends} ({row.counted.replace('_', ' ')}){broken}"


def compared(declared: Declared) -> list[Compared]:
    """The rows of the comparison, the differences before what matches."""
    return sorted(declared.rows, key=lambda row: DIFFERENCES_FIRST.index(row.verdict))


def declaring(declared: Declared) -> str:
    """How much is declared, and what it means for flows that nobody declared."""
    if not declared.declarations:
        return "nothing is declared about personal data, so no flow was held against a declaration"
    formats = tally(each.format for each in declared.declarations)
    missing = "" if declared.lists_flows else "; none lists who gets personal data, so no flow counts as undeclared"
    return f"{formats}{missing}"


def coverage(of: Coverage) -> str:
    """Every state with its count, and why inputs were skipped."""
    skipped = ", ".join(f"{count:,} {reason}" for reason, count in sorted(of.skipped_because.items()))
    return (
        f"{of.collected:,} collected: {of.analysed:,} analysed, {of.partial:,} partial,"
        f" {of.skipped:,} skipped{f' ({skipped})' if skipped else ''}, {of.failed:,} failed"
    )
