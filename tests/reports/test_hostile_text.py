"""Nothing that a scanned tree says becomes active in any report."""

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from petguard.report import Report
from petguard.reports import html, sarif, text
from petguard.reports import json as json_report

Lace = Callable[[Report, str], Report]
HOSTILE = st.one_of(
    st.text(st.characters(), max_size=40),
    st.text(st.sampled_from("#:[]()|`\\ \n\r\x1b\x9b/.%<>\"'&=ae{}\u202e\udcff"), max_size=40),
)
FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ATTRIBUTES = {
    "class", "id", "href", "lang", "charset", "http-equiv", "content", "name", "type", "for", "value", "checked",
    "hidden", "placeholder", "role", "scope", "data-severity", "data-label", "aria-label", "viewbox",
    "preserveaspectratio", "width", "height", "x",
}  # fmt: skip


class Page(HTMLParser):
    """What a browser would see: the tags with their attributes, and the shown text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data


def strings(document: Any) -> Iterator[str]:
    """Every string in a JSON document, keys too."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from (key, *strings(value))
    elif isinstance(document, list):
        for value in document:
            yield from strings(value)


def messages(run: dict[str, Any]) -> Iterator[str]:
    """Every text that a SARIF viewer renders."""
    without = {key: value for key, value in run.items() if key != "properties"}
    without["results"] = [{k: v for k, v in each.items() if k != "properties"} for each in run["results"]]
    yield from strings(without)


def check_text(out: str) -> None:
    """One line per thing, nothing but printable characters, no CI command."""
    for line in out.splitlines():
        assert line.isprintable()
        assert not line.lstrip().startswith("::")
        assert not re.search(r"##\w*\[", line)
    assert out.encode("utf-8")


def check_json(out: str) -> dict[str, Any]:
    """ASCII that parses, without control characters."""
    assert out.isascii()
    assert out.replace("\n", "").isprintable()
    assert not re.search(r"##\w*\[", out)
    document: dict[str, Any] = json.loads(out)
    return document


def check_sarif(out: str) -> None:
    """Relative URIs, no empty message, no link but ours to related places."""
    run = check_json(out)["runs"][0]
    for shown in messages(run):
        assert all(re.fullmatch(r"\d+", target) for target in re.findall(r"\]\((.*?)\)", shown))
        assert shown
    for uri in re.findall(r'"uri": "(.*)"', out):
        assert re.fullmatch(r"[A-Za-z0-9_.~%-][A-Za-z0-9_.~/%-]*", uri)
        assert ".." not in uri.split("/")


def check_html(out: str, calm: str) -> None:
    """The hostile page has no other kind of tag and attribute than a calm one, one script and local links only."""
    page, expected = Page(out), Page(calm)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in expected.tags]
    assert [tag for tag, _ in page.tags].count("script") == 1
    for _, attributes in page.tags:
        assert set(attributes) <= ATTRIBUTES
        assert re.fullmatch(r"#[a-z0-9-]+", attributes.get("href") or "#x")
    assert all(char.isprintable() or char == "\n" for char in out)
    assert out.encode("utf-8")


def test_the_hostile_report_is_harmless_in_every_format(hostile: Report, realistic: Report, lace: Lace) -> None:
    """Line breaks, workflow commands, escape sequences, tags, handlers, links and bidirectional controls."""
    check_text(text.render(hostile))
    check_text(text.render(hostile, verbose=True))
    check_json(json_report.render(hostile))
    check_sarif(sarif.render(hostile))
    check_html(html.render(hostile), html.render(lace(realistic, "calm")))


def test_hostile_text_is_shown_not_hidden(hostile: Report) -> None:
    """A reader sees what the tree says, tags and controls included."""
    shown = Page(html.render(hostile)).text
    assert r"a\x0a::error::x\x0d\x0a" in shown
    assert "<script>alert(1)</script>" in shown
    assert "{{ 7*7 }}" in shown


@FEW
@given(found=HOSTILE)
def test_no_text_is_active_in_the_text_report(realistic: Report, lace: Lace, found: str) -> None:
    """Neither short nor verbose."""
    report = lace(realistic, found)
    check_text(text.render(report))
    check_text(text.render(report, verbose=True))


@FEW
@given(found=HOSTILE)
def test_no_text_breaks_json(realistic: Report, lace: Lace, found: str) -> None:
    """It parses and holds the text unchanged."""
    document = check_json(json_report.render(lace(realistic, found)))
    assert document["findings"][0]["message"] == found
    assert document["claims"][0]["witness"] == {found: {found: found}}


@FEW
@given(found=HOSTILE)
def test_no_text_is_active_in_sarif(realistic: Report, lace: Lace, found: str) -> None:
    """It parses, its URIs are relative, its messages make no links."""
    check_sarif(sarif.render(lace(realistic, found)))


@FEW
@given(found=HOSTILE.filter(str.strip))
def test_no_text_is_active_in_html(realistic: Report, lace: Lace, found: str) -> None:
    """The tags of the page do not depend on what the scanned tree says."""
    check_html(html.render(lace(realistic, found)), html.render(lace(realistic, "calm")))


@pytest.mark.parametrize("fixture", ["clean", "gaps_only", "realistic"])
def test_a_page_loads_nothing(fixture: str, request: pytest.FixtureRequest) -> None:
    """No tag that could fetch, and a policy that forbids it."""
    page = Page(html.render(request.getfixturevalue(fixture)))
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "img", "iframe", "object", "embed", "base", "form"})
    assert not any("src" in attributes or "style" in attributes for _, attributes in page.tags)
    policy = next(found["content"] for _, found in page.tags if found.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
