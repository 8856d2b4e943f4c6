"""The flows hold against the labelled corpus, and the corpus is what it says: varied, well-formed, a third quiet."""

import ast
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType

import pytest
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_kotlin
import tree_sitter_typescript
from pydantic import ValidationError
from tree_sitter import Language as Grammar

from petguard.documents import read_json, read_yaml_all, tree_of
from petguard.errors import UnreadableInput
from petguard.model import EvidenceLevel, SinkKind
from petguard.report import Endpoint, Flow, FlowSink, Protection
from tests.corpus import flows
from tests.corpus.flows import LANGUAGES, Case, Found, Language, Result, Score

CASES = MappingProxyType({held_out: flows.load(held_out=held_out) for held_out in (False, True)})
ALL = (*CASES[False], *CASES[True])

PAGE = Path(__file__).parents[2] / "docs" / "flows-corpus.md"

LEAST_RECALL = 0.95
LEAST_RECALL_HELD_OUT = 0.9  # over all languages: some have two flows that are held out
MOST_FALSE_HELD_OUT = 2


@cache
def scored(language: Language, *, held_out: bool) -> Score:
    """The cases of one language, scanned once."""
    return Score(flows.judge([case for case in CASES[held_out] if case.language == language]))


def complaints(score: Score) -> str:
    """What to look at when a number is not good enough."""
    return "\n".join(flows.complaints(score.results))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nearly_every_flow_is_found(language: Language) -> None:
    """At least 95 of 100 labelled flows are reported, at the right place, with the right protection."""
    score = scored(language, held_out=False)
    assert score.recall is not None
    assert score.recall >= LEAST_RECALL, complaints(score)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_flow_is_false(language: Language) -> None:
    """What is reported as unprotected is labelled."""
    score = scored(language, held_out=False)
    assert [flows.shown(each) for result in score.results for each in result.false] == []


def test_nearly_every_held_out_flow_is_found() -> None:
    """At least nine in ten of those that nobody looked at; the complaint does not say which are missed."""
    together = Score(tuple(each for language in LANGUAGES for each in scored(language, held_out=True).results))
    assert together.recall is not None
    assert together.recall >= LEAST_RECALL_HELD_OUT


def test_hardly_any_held_out_flow_is_false() -> None:
    """Nor is much reported in them that is not labelled."""
    assert sum(scored(language, held_out=True).false for language in LANGUAGES) <= MOST_FALSE_HELD_OUT


def test_the_page_is_up_to_date() -> None:
    """Write it anew with `python -m tests.corpus.flows --write docs/flows-corpus.md`."""
    worked, held_out = ({each: scored(each, held_out=part) for each in LANGUAGES} for part in (False, True))
    assert PAGE.read_text("utf-8") == flows.page(worked, held_out)


# --- the corpus itself


def test_case_names_are_unique() -> None:
    """A complaint names one case."""
    names = [case.case for case in ALL]
    assert len(names) == len(set(names))


def test_a_third_of_the_cases_stays_quiet() -> None:
    """Without the closest things that are none, a scanner that flags everything would win; in each language."""
    quiet = {language: [case.is_quiet for case in ALL if case.language == language] for language in LANGUAGES}
    assert {language: sum(each) / len(each) for language, each in quiet.items() if sum(each) < len(each) / 4} == {}
    assert sum(map(sum, quiet.values())) >= 0.3 * len(ALL)


def test_a_quarter_of_the_cases_is_held_out() -> None:
    """A score on cases that everybody tuned on says little; every language has others, loud and quiet ones."""
    assert len(CASES[True]) >= 0.22 * len(ALL)
    assert {(case.language, case.is_quiet) for case in CASES[True]} == {
        (language, quiet) for language in LANGUAGES for quiet in (False, True)
    }


def test_quiet_cases_are_named_so() -> None:
    """Whoever reads the name knows which way it counts."""
    assert [case.case for case in ALL if case.is_quiet != case.case.startswith("quiet-")] == []


def test_every_language_has_cases_in_several_files() -> None:
    """Real flows cross files."""
    several = {case.language for case in ALL if len(case.files) > 1}
    assert several == set(LANGUAGES)


_GRAMMARS: Mapping[str, Callable[[], object]] = {
    ".go": tree_sitter_go.language,
    ".java": tree_sitter_java.language,
    ".js": tree_sitter_javascript.language,
    ".jsx": tree_sitter_javascript.language,
    ".kt": tree_sitter_kotlin.language,
    ".mjs": tree_sitter_javascript.language,
    ".ts": tree_sitter_typescript.language_typescript,
    ".tsx": tree_sitter_typescript.language_tsx,
}


def parses(path: PurePosixPath, text: str) -> bool:
    """Whether a file is what its extension says."""
    try:
        if path.suffix == ".py":
            ast.parse(text)
        elif path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
            ast.parse("\n".join(line for line in code.splitlines() if not line.startswith(("%", "!"))))
        elif path.suffix in (".json", ".jsonl"):
            _ = [read_json(part) for part in ([text] if path.suffix == ".json" else text.splitlines())]
        elif path.suffix in (".yaml", ".yml"):
            read_yaml_all(text)
        elif path.suffix in _GRAMMARS:
            return not tree_of(Grammar(_GRAMMARS[path.suffix]()), text.encode()).root_node.has_error
    except (ValueError, SyntaxError, UnreadableInput):
        return False
    return True


def test_every_file_is_what_its_extension_says() -> None:
    """A case that does not parse tests how errors are handled, and nothing else."""
    files = [(case.case, path, text) for case in ALL for path, text in case.files.items()]
    assert [(case, path) for case, path, text in files if not parses(PurePosixPath(path), text)] == []


# --- the scorer itself

CODE = "def f(user):\n    log.info(user.email)\n    send(user.email)\n"
LABEL = {"data": "user.contact.email", "to": "ai_service | log", "in": "a.py", "line": "log.info"}


def case(*labels: Mapping[str, object], gaps: tuple[str, ...] = ()) -> Case:
    """A case of one file."""
    about = "a case for the scorer"
    return Case.model_validate(
        {"case": "x", "language": "python", "about": about, "files": {"a.py": CODE}, "expect": labels, "gaps": gaps}
    )


def flow(
    data: str = "user.contact.email",
    to: SinkKind = SinkKind.LOG,
    line: int = 2,
    protections: frozenset[str] = frozenset(),
    source: str = "user.email",
) -> Found:
    """A flow in that file."""
    return Found(data, to, "a.py", line, CODE.splitlines()[line - 1], source, protections)


def numbers(result: Result) -> tuple[int, int]:
    """How many are missed, and how many false."""
    return len(result.missed), len(result.false)


def test_a_labelled_flow_is_found() -> None:
    """The right data, recipient, file and line; one of two recipients is enough."""
    assert numbers(Result(case(LABEL), (flow(),))) == (0, 0)
    assert numbers(Result(case(LABEL), (flow(to=SinkKind.AI_SERVICE),))) == (0, 0)


@pytest.mark.parametrize(
    "other", [flow(line=3), flow(to=SinkKind.FILE), flow(data="user.name")], ids=["line", "recipient", "data"]
)
def test_another_flow_is_a_miss_and_false(other: Found) -> None:
    """What stands next to the right place is not right."""
    assert numbers(Result(case(LABEL), (other,))) == (1, 1)


def test_one_flow_too_many_is_false() -> None:
    """Also in a quiet case; twice the same counts once."""
    assert numbers(Result(case(LABEL), (flow(), flow(line=3)))) == (0, 1)
    assert numbers(Result(case(), (flow(), flow(source="user.e_mail")))) == (0, 1)


def test_a_child_and_a_parent_category_fit() -> None:
    """Whoever says more, or less, means the same; a sibling does not."""
    label = LABEL | {"data": "user.contact"}
    assert numbers(Result(case(label), (flow(),))) == (0, 0)
    assert numbers(Result(case(LABEL), (flow(data="user.contact"),))) == (0, 0)
    assert numbers(Result(case(LABEL), (flow(data="user.contact.phone_number"),))) == (1, 1)


def test_an_optional_flow_counts_on_neither_side() -> None:
    """Found or not, it changes no number."""
    quiet = case(LABEL | {"optional": True})
    assert numbers(Result(quiet, ())) == numbers(Result(quiet, (flow(),))) == (0, 0)
    assert quiet.is_quiet


def test_a_protection_that_is_not_there_is_a_miss() -> None:
    """Nothing is false: the flow is there."""
    bare = case(LABEL | {"protected": []})
    assert numbers(Result(bare, (flow(protections=frozenset({"redaction"})),))) == (1, 0)
    assert numbers(Result(bare, (flow(),))) == (0, 0)


def test_a_protection_that_is_overlooked_is_a_miss_and_false() -> None:
    """Whoever protects the data is told that nobody does."""
    kept = case(LABEL | {"protected": ["redaction"]})
    assert numbers(Result(kept, (flow(),))) == (1, 1)
    assert numbers(Result(kept, (flow(protections=frozenset({"redaction"})),))) == (0, 0)


def test_a_protected_flow_that_nobody_expects_is_not_false() -> None:
    """It is no complaint."""
    assert numbers(Result(case(), (flow(protections=frozenset({"redaction"})),))) == (0, 0)


def test_the_value_that_is_sent_may_be_named() -> None:
    """Of two values of one kind, the one that is meant."""
    assert numbers(Result(case(LABEL | {"from": "*.email"}), (flow(),))) == (0, 0)
    assert numbers(Result(case(LABEL | {"from": "*.mail"}), (flow(),))) == (1, 1)


def test_a_gap_that_nobody_told_is_a_miss() -> None:
    """Silence where something could not be followed is what the corpus must catch."""
    unclear = case(gaps=("unresolved@a.py",))
    assert not unclear.is_quiet
    assert numbers(Result(unclear, ())) == (1, 0)
    assert numbers(Result(unclear, (), frozenset({"unresolved@a.py"}))) == (0, 0)


@pytest.mark.parametrize(
    "change",
    [{"date": 1}, {"data": "user.emial"}, {"to": "logs"}, {"in": "b.py"}, {"line": "log.warn"}, {"in": "../a.py"}],
    ids=str,
)
def test_a_slip_in_a_label_is_an_error(change: Mapping[str, object]) -> None:
    """It would be counted as missed for ever."""
    with pytest.raises(ValidationError):
        case({**LABEL, **change})


def test_a_flow_is_not_expected_twice() -> None:
    """It counts once."""
    with pytest.raises(ValidationError, match="twice"):
        case(LABEL, LABEL)


def test_a_reported_flow_counts_once_for_each_category() -> None:
    """And what only calls itself a protection is none."""
    kept = [("redaction", EvidenceLevel.NAMED), ("pseudonymisation", EvidenceLevel.STATIC)]
    reported = Flow(
        id="f",
        categories=("user.name", "user.contact.email"),
        source=Endpoint(path="a.py", line=2, name="user"),
        sink=FlowSink(path="a.py", line=2, kind=SinkKind.LOG, name="log"),
        steps=(),
        protections=tuple(Protection(technique=name, claim=None, outcome=None, evidence=level) for name, level in kept),
    )
    read = tuple(flows.split(case(), reported))
    assert [each.data for each in read] == ["user.name", "user.contact.email"]
    assert {(each.text, each.protections) for each in read} == {
        ("    log.info(user.email)", frozenset({"pseudonymisation"}))
    }


def test_a_real_scan_is_read() -> None:
    """The flow of a small program, in the line where the client is called."""
    code = (
        "from openai import OpenAI\n\nclient = OpenAI()\n\n\ndef ask(user):\n"
        "    return client.responses.create(model='gpt-4o', input=user.email)\n"
    )
    small = {"case": "x", "language": "python", "about": "a small program", "files": {"a.py": code}, "expect": ()}
    (result,) = flows.judge([Case.model_validate(small)])
    assert [(each.data, each.to, each.line) for each in result.flows] == [
        ("user.contact.email", SinkKind.AI_SERVICE, 7)
    ]
    assert result.flows[0].text.strip().startswith("return client.responses")


def test_the_table_has_a_line_for_each_language_and_the_sum() -> None:
    """Where nothing is expected, there is no recall."""
    score = Score((Result(case(), (flow(),)),))
    assert flows.table({"python": score}).splitlines()[2:] == [
        "| python | 1 | 1 | 0 | 0 | 1 | n/a | 0 % |",
        "| **all** | **1** | **1** | **0** | **0** | **1** | **n/a** | **0 %** |",
    ]


def test_the_command_prints_the_table_and_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one case, with its missed and its false flow."""
    monkeypatch.setattr("sys.argv", ["flows", "--show"])
    monkeypatch.setattr(flows, "load", lambda **_: (case(LABEL),))
    monkeypatch.setattr(flows, "judge", lambda cases: tuple(Result(each, (flow(line=3),)) for each in cases))
    assert flows.main() == 0
    printed = capsys.readouterr().out
    assert "missed  user.contact.email to ai_service or log in a.py, `log.info`" in printed
    assert "false   user.contact.email (user.email) to log in a.py:3" in printed
    assert "| python | 1 | 0 | 1 | 0 | 1 | 0 % | 0 % |" in printed


def test_the_page_has_both_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases that are worked with and those that are held out, written to a page."""
    page = tmp_path / "page.md"
    monkeypatch.setattr("sys.argv", ["flows", "--write", str(page)])
    monkeypatch.setattr(flows, "judge", lambda cases: tuple(Result(each, ()) for each in cases))
    assert flows.main() == 0
    assert page.read_text("utf-8").count("| **all** |") == 2
