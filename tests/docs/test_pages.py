"""The pages agree with the program and with each other: links, keys, reasons, exit codes, examples."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from petguard.documents import read_yaml
from petguard.errors import Exit
from petguard.model import Reason
from petguard.policy import PolicyFile
from petguard.report import Report
from petguard.scan import Request, scan

HOME = Path(__file__).parents[2]
PAGES = [*sorted(HOME.glob("*.md")), *sorted((HOME / "docs").rglob("*.md"))]
README = (HOME / "README.md").read_text("utf-8")

_LINK = re.compile(r"\]\((?!https?://|mailto:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_FENCED = re.compile(r"(?ms)^```.*?^```$")
_POLICY = re.compile(r"(?ms)^<!-- policy -->\n```yaml\n(?P<text>.*?)^```$")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCED.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.+)$", prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere."""
    for link in _LINK.finditer(prose(page)):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        if not target.exists() or (link["anchor"] and link["anchor"] not in anchors(target)):
            yield link[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOME)))
def test_links_resolve(page: Path) -> None:
    """A reader who follows a link finds a page, and the heading that it names."""
    assert list(broken(page)) == []


def test_every_page_is_linked_from_the_readme_or_a_page_beside_it() -> None:
    """A page that nobody links to is read by nobody."""
    linked = {(page.parent / link["path"]).resolve() for page in PAGES for link in _LINK.finditer(prose(page))}
    assert set((HOME / "docs").rglob("*.md")) <= linked


def keys(schema: Mapping[str, Any], root: Mapping[str, Any], before: str = "") -> Iterator[str]:
    """Every key of a policy with a dotted path; the names that people choose stand in angle brackets."""
    chosen = {"data": "<category>", "rules": "<id>", "budgets.data": "<glob>", "budgets.subjects": "<name>"}
    for name, value in schema["properties"].items():
        found = {**value, **root["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})}
        inner = found.get("additionalProperties")
        if isinstance(inner, dict):
            model = root["$defs"][inner["$ref"].rpartition("/")[2]]
            yield from keys(model, root, f"{before}{name}.{chosen[before + name]}.")
        elif "properties" in found:
            yield from keys(found, root, f"{before}{name}.")
        else:
            yield before + name


def test_every_policy_key_is_explained_and_no_other() -> None:
    """The table on the policy page and the schema have the same keys."""
    schema = PolicyFile.model_json_schema()
    shown = re.findall(r"(?m)^\| `([^`]+)` \|", (HOME / "docs" / "policy.md").read_text("utf-8"))
    assert sorted(shown) == sorted(keys(schema, schema))


def test_every_reason_for_doubt_is_named() -> None:
    """The claims page knows every reason that a verdict may have."""
    page = (HOME / "docs" / "claims.md").read_text("utf-8")
    assert [reason for reason in Reason if f"`{reason}`" not in page] == []


def test_every_key_of_the_report_that_is_explained_exists() -> None:
    """The table of the JSON report names fields of the report."""
    page = (HOME / "docs" / "reports.md").read_text("utf-8")
    explained = re.findall(r"(?m)^\| `(\w+)` \|", page)
    assert explained
    assert set(explained) <= Report.model_fields.keys()


def test_the_readme_has_every_exit_code() -> None:
    """The table and the program agree; 130 is the shell's own code for an interrupt."""
    section = README.partition("## Exit codes")[2].partition("\n## ")[0]
    assert [int(code) for code in re.findall(r"(?m)^\| (\d+) \|", section)] == [*map(int, Exit), 130]


def test_the_ci_snippets_fit_the_action_and_the_hook() -> None:
    """Whoever copies them uses inputs and a hook that exist."""
    workflow, hooks = (read_yaml(text).value for text in re.findall(r"(?ms)^```yaml\n(# \.\S+\n.*?)^```$", README))
    (step,) = (each for each in workflow["jobs"]["scan"]["steps"] if "petguard@" in each["uses"])
    assert step["with"].keys() <= read_yaml((HOME / "action.yml").read_text("utf-8")).value["inputs"].keys()
    (known,) = read_yaml((HOME / ".pre-commit-hooks.yaml").read_text("utf-8")).value
    assert hooks["repos"][0]["hooks"] == [{"id": known["id"]}]


EXAMPLES = [(page, match["text"]) for page in PAGES for match in _POLICY.finditer(page.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[page.name for page, _ in EXAMPLES])
def test_a_policy_that_is_shown_is_valid(page: Path, text: str, tmp_path: Path) -> None:
    """Whoever copies the example has a policy that petguard takes, claims included."""
    (tmp_path / "petguard.yaml").write_text(text, "utf-8")
    (tmp_path / "app.py").write_text("total = 1\n", "utf-8")
    report = scan(Request(paths=(tmp_path,)))
    assert report.scope.policy == "petguard.yaml", page
    assert len(report.claims) == text.count("technique:")
