"""The flows that were found, as a Fides manifest: a first draft of the record of processing.

It is valid for petguard, and on purpose not for Fides: which purpose a flow has, and whose data it is, stands in no
code. Until somebody replaces the key `not_stated`, an evaluation fails.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from petguard import untrusted
from petguard.model import Asset, Origin, SinkKind
from petguard.report import Flow, Report
from petguard.reports import Format

_OUTSIDE = (SinkKind.AI_SERVICE, SinkKind.THIRD_PARTY, SinkKind.VECTOR_STORE)
_NO_KEY = re.compile(r"[^a-zA-Z0-9_.-]+")
_PURPOSE = "not_stated"


def render(report: Report) -> str:
    """One system with a declaration and an egress for each recipient outside; nothing that was only declared."""
    flows = [flow for flow in report.flows if flow.origin is Origin.DETECTED and flow.sink.kind in _OUTSIDE]
    recipients = _recipients(report, flows)
    lines = [
        f"# Personal data that petguard {_plain(report.tool.version)} found to leave {_plain(report.scope.root)}.",
        f"# Replace {_PURPOSE}: purposes and data subjects stand in no code.",
        *([] if report.execution_status == "complete" else ["# The scan was incomplete: there may be more."]),
        "system:",
        f"  - fides_key: {_text(_key(report.scope.root))}",
        f"    name: {_text(report.scope.root)}",
        "    system_type: Service",
        *_section("privacy_declarations", (_declaration(*each) for each in recipients.items())),
        *_section("egress", (_egress(*each) for each in recipients.items())),
    ]
    return "\n".join(lines) + "\n"


def _recipients(report: Report, flows: Iterable[Flow]) -> Mapping[str, tuple[str, ...]]:
    """The categories that each recipient gets, by its key: of an AI provider the one of the catalogue."""
    providers = {row.name: row.provider for row in report.inventory if row.kind is Asset.AI_SERVICE}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for flow in flows:
        found[_key(providers.get(flow.sink.name) or flow.sink.name)].update(flow.categories)
    return {key: tuple(sorted(found[key])) for key in sorted(found)}


def _section(name: str, entries: Iterable[list[str]]) -> list[str]:
    lines = [f"      {line}" for entry in entries for line in entry]
    return [f"    {name}:", *lines] if lines else [f"    {name}: []"]


def _declaration(recipient: str, categories: tuple[str, ...]) -> list[str]:
    return [
        f"- name: {_text(f'what {recipient} gets')}",
        f"  data_categories: {_list(categories)}",
        f"  data_use: {_PURPOSE}",
        "  data_subjects: []",
    ]


def _egress(recipient: str, categories: tuple[str, ...]) -> list[str]:
    return [f"- fides_key: {_text(recipient)}", "  type: system", f"  data_categories: {_list(categories)}"]


def _key(name: str) -> str:
    """A key that Fides takes."""
    return _NO_KEY.sub("_", name).strip("_") or "unnamed"


def _text(text: str) -> str:
    """A YAML string, written as in JSON, which it contains."""
    return json.dumps(untrusted.terminal(text))


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_text, texts))}]"


def _plain(text: str) -> str:
    """Text for a comment, which ends with its line."""
    return " ".join(untrusted.terminal(text).split())


FORMAT = Format(name="fides", render=render)
