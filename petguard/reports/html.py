"""The HTML report: one self-contained page for people who review and audit.

The page loads nothing, works without its script, and allows only that one script and one style sheet to act: their
hashes stand in its content security policy, so text from a scanned tree stays text even if it got past the escaping.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from petguard import _shipped, untrusted
from petguard.model import Agreement, Balance, Outcome
from petguard.report import Report
from petguard.reports import Format, _wording

GAPS_SHOWN = 1_000
PLACES_SHOWN = 5
# How each verdict of the comparison looks.
_BADGES = {
    Agreement.MATCHES: "verified",
    Agreement.UNDECLARED: "unverifiable",
    Agreement.NEVER_FOUND: "info",
    Agreement.CONTRADICTS: "refuted",
    Agreement.NOT_COMPARED: "info",
}

_BALANCES = {
    Balance.WITHIN: "verified",
    Balance.EXCEEDED: "refuted",
    Balance.UNKNOWN: "unverifiable",
    Balance.NO_BUDGET: "info",
    Balance.UNUSED: "info",
}


class _Segment(NamedTuple):
    """A part of a stacked bar, in percent of its width."""

    style: str
    start: float
    width: float


def render(report: Report) -> str:
    """The report as one HTML page; gaps beyond the first 1,000 are counted, all else is listed."""
    import jinja2  # noqa: PLC0415 - costs start-up time that only this format should pay

    templates = _shipped.folder("reports/templates")
    style, script = ((templates / name).read_text("utf-8") for name in ("report.css", "report.js"))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        _contents(report),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )
    return page.rstrip("\n") + "\n"


def _shown(value: Any) -> Any:
    """Make control characters visible in every string that goes into the page; markup of the template passes."""
    return untrusted.terminal(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _hash(text: str) -> str:
    """The content security policy's name for an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _contents(report: Report) -> dict[str, Any]:
    """Everything the template shows; anchors are numbers, so no scanned text becomes a link target."""
    active = _wording.active(report)
    return {
        "report": report,
        "say": _wording,
        "active": [each for severity in _wording.WORST_FIRST for each in _wording.of_severity(active, severity)],
        "suppressed": [each for each in report.findings if each.state == "suppressed"],
        "severities": Counter(each.severity for each in active),
        "outcomes": Counter(each.outcome for each in report.claims),
        "unapproved": sum(each.approved is False for each in report.inventory),
        "cards": {card.id: card for card in report.rules},
        "found": Counter(each.rule for each in active),
        "flows": {flow.id: (number, flow) for number, flow in enumerate(report.flows, 1)},
        "claims": {claim.id: (number, claim) for number, claim in enumerate(report.claims, 1)},
        "agreements": _BADGES,
        "balances": _BALANCES,
        "gaps_shown": GAPS_SHOWN,
        "places_shown": PLACES_SHOWN,
        "bars": _bars(report),
    }


def _bars(report: Report) -> dict[str, list[_Segment]]:
    severities = Counter(each.severity for each in _wording.active(report))
    outcomes = Counter(each.outcome for each in report.claims)
    cover = report.coverage
    states = (
        ("verified", cover.analysed),
        ("unverifiable", cover.partial),
        ("info", cover.skipped),
        ("refuted", cover.failed),
    )
    return {
        "findings": _stacked((severity, severities[severity]) for severity in _wording.WORST_FIRST),
        "claims": _stacked((outcome, outcomes[outcome]) for outcome in Outcome),
        "coverage": _stacked(states),
    }


def _stacked(counts: Iterable[tuple[str, int]]) -> list[_Segment]:
    parts = [(style, count) for style, count in counts if count]
    whole = sum(count for _, count in parts)
    segments, before = [], 0
    for style, count in parts:
        segments.append(_Segment(str(style), round(100 * before / whole, 2), round(100 * count / whole, 2)))
        before += count
    return segments


FORMAT = Format(name="html", render=render)
