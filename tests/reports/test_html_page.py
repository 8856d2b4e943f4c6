"""What the HTML page says, and that its policy names the script and style it really holds."""

import base64
import hashlib
import re

from petguard.model import State
from petguard.report import Coverage, GapRow, Report
from petguard.reports import html


def digest(content: str) -> str:
    """The hash as a content security policy writes it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def test_the_policy_allows_exactly_the_script_and_style_of_the_page(realistic: Report) -> None:
    """A hash of anything else would switch both off."""
    page = html.render(realistic)
    for tag in ("style", "script"):
        found = re.search(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert found is not None
        assert f"{tag}-src '{digest(found[1])}'" in page


def test_findings_stand_worst_first(realistic: Report) -> None:
    """Whatever the order of the report."""
    assert re.findall(r'data-severity="(\w+)"', html.render(realistic)) == ["critical", "high", "medium", "info"]


def test_a_finding_links_to_its_claim(realistic: Report) -> None:
    """By number, because an id may hold anything."""
    page = html.render(realistic)
    assert '<a href="#claim-1">the claim and its numbers</a>' in page
    assert '<tr id="claim-1">' in page


def test_an_empty_page_says_what_was_done(clean: Report) -> None:
    """Not that all is clean."""
    page = html.render(clean)
    assert "No finding: 4 rules were applied to 12 analysed files." in page
    assert "No flow of personal data was found in 12 analysed files." in page
    assert "No claim of a protection was found in 12 analysed files, so none was judged." in page
    assert "No AI and no privacy technique was found in 12 analysed files." in page


def test_gaps_make_the_empty_page_doubtful(gaps_only: Report) -> None:
    """A scan with gaps is not a pass, and does not look like one."""
    page = html.render(gaps_only)
    assert "15 things could not be checked and may hide one." in page
    assert 'class="verdict unverifiable"' in page


def test_an_incomplete_scan_without_gap_rows_is_still_incomplete(clean: Report) -> None:
    """The status alone decides the colour of the verdict."""
    page = html.render(clean.model_copy(update={"execution_status": "incomplete"}))
    assert "The scan is incomplete." in page
    assert 'class="verdict verified"' not in page


def test_a_page_without_rules_says_so(clean: Report) -> None:
    """No rule applied is not a pass by every rule, and is not shown as one."""
    page = html.render(clean.model_copy(update={"rules": ()}))
    assert "No rule was applied." in page
    assert 'class="verdict verified"' not in page


def test_files_analysed_in_part_are_not_called_analysed(gaps_only: Report) -> None:
    """An empty result over 121 files and parts of 2 says just that."""
    page = html.render(gaps_only)
    assert "No flow of personal data was found in 121 analysed files and 2 analysed in part." in page


def test_a_clean_complete_scan_is_green(clean: Report) -> None:
    """Rules were applied, files were analysed, nothing is missing."""
    assert 'class="verdict verified"' in html.render(clean)


def test_gaps_beyond_a_thousand_are_counted(clean: Report) -> None:
    """The page stays readable and hides no number."""
    gaps = tuple(
        GapRow(path=f"g{number}.py", line=None, state=State.SKIPPED, reason="too_large", detail="5 MB")
        for number in range(1_003)
    )
    coverage = Coverage(collected=1_003, analysed=0, partial=0, skipped=1_003, failed=0, gaps=gaps)
    page = html.render(clean.model_copy(update={"coverage": coverage}))
    assert "Not checked (1,003)" in page
    assert "g999.py" in page
    assert "g1000.py" not in page
    assert "3 more are not listed here;" in page


def test_clauses_are_worded_as_relevant(realistic: Report) -> None:
    """Never as a breach of the clause."""
    page = html.render(realistic)
    assert '<span class="muted">Relevant to</span> <span class="clause">gdpr Art. 32(1)(a)</span>' in page
    assert "this page is no statement of compliance" in page
