"""The JSON report: the stable interface for machines (schema version 1)."""

from petguard import untrusted
from petguard.report import Report
from petguard.reports import Format


def render(report: Report) -> str:
    """The report as JSON, keys in the order of the interface; a number that is not finite is null."""
    return untrusted.json_text(report.model_dump())


FORMAT = Format(name="json", render=render)
