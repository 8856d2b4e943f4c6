"""The inventory holds against the labelled corpus, and the corpus is what it says: many, varied, well-formed cases."""

import ast
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import pytest

from petguard.documents import read_json, read_yaml_all
from petguard.errors import UnreadableInput
from petguard.model import Asset
from tests.corpus import inventory
from tests.corpus.inventory import Case, Result, Score

AREAS = inventory.load()
CASES = [case for cases in AREAS.values() for case in cases]
HOME = Path(__file__).parents[2]

_WITH_COMMENTS = (".vscode", ".zed")  # JSON as editors write it


@pytest.fixture(scope="module")
def scores() -> Mapping[str, Score]:
    """Every case scanned once."""
    return inventory.score(AREAS)


@pytest.fixture(scope="module")
def all_areas(scores: Mapping[str, Score]) -> Score:
    """All areas as one."""
    return inventory.total(scores)


def complaints(score: Score) -> str:
    """What to look at when a number is too low."""
    return "\n".join(inventory.complaints(score.results))


def test_nearly_everything_is_found(all_areas: Score) -> None:
    """At least 95 of 100 labels are met by a row."""
    assert all_areas.recall is not None
    assert all_areas.recall >= 0.95, complaints(all_areas)


def test_nearly_every_row_is_right(all_areas: Score) -> None:
    """At least 95 of 100 rows are labelled."""
    assert all_areas.precision is not None
    assert all_areas.precision >= 0.95, complaints(all_areas)


def test_no_decoy_is_flagged(all_areas: Score) -> None:
    """A project without AI has an empty inventory, whatever its words are."""
    assert complaints(Score(all_areas.flagged)) == ""


def test_no_area_is_left_behind(scores: Mapping[str, Score]) -> None:
    """A good sum does not hide a language or a format in which little is found."""
    weak = {area: score.recall for area, score in scores.items() if score.recall is not None and score.recall < 0.85}
    assert weak == {}


def test_the_corpus_is_large_enough() -> None:
    """Small corpora say little: the least numbers, and a quarter of the positives in several files."""
    positives = [case for case in CASES if not case.is_decoy]
    several = [case for case in positives if len(case.files) + len(case.base64) > 1]
    assert len(positives) >= 140
    assert len(CASES) - len(positives) >= 50
    assert len(several) >= len(positives) / 4


def test_every_kind_of_asset_is_labelled() -> None:
    """No kind of row goes unmeasured."""
    labelled = {kind for case in CASES for label in case.labels if not label.optional for kind, _ in label.alternatives}
    assert labelled == set(Asset)


def test_case_names_are_unique() -> None:
    """A complaint names one case."""
    names = [case.case for case in CASES]
    assert len(names) == len(set(names))


def test_no_label_stands_twice_in_a_case() -> None:
    """A label counts once."""
    assert [case.case for case in CASES if len(set(case.expect)) != len(case.expect)] == []


def test_decoys_are_named_so() -> None:
    """Whoever reads a case name knows which way it counts; a list of optional labels only is neither."""
    assert [case.case for case in CASES if case.is_decoy != case.case.startswith("decoy-")] == []
    assert [case.case for case in CASES if case.labels and all(label.optional for label in case.labels)] == []


def files() -> Iterator[tuple[str, str, str]]:
    """Every text of the corpus with its case and its path."""
    for case in CASES:
        yield from ((case.case, path, text) for path, text in case.files.items())


def broken(path: str, text: str) -> str:
    """Why a file is not what its extension says, or nothing."""
    try:
        _parse(PurePosixPath(path), text)
    except (ValueError, SyntaxError, UnreadableInput) as error:
        return f"{path}: {error}"
    return ""


def _parse(path: PurePosixPath, text: str) -> None:
    if path.suffix in (".json", ".ipynb") and not set(path.parts) & set(_WITH_COMMENTS):
        json.loads(text)
    elif path.suffix == ".json":
        read_json(text)
    elif path.suffix in (".yaml", ".yml") and "templates" not in path.parts:
        read_yaml_all(text)
    elif path.suffix == ".toml" or path.name in ("Pipfile", "Cargo.lock", "uv.lock", "poetry.lock"):
        tomllib.loads(text)
    elif path.suffix == ".py":
        ast.parse(text)
    elif path.suffix in (".xml", ".csproj", ".props"):
        ElementTree.fromstring(text)  # noqa: S314  # written here


def test_every_file_is_what_its_extension_says() -> None:
    """A case that does not parse tests how errors are handled, and nothing else."""
    assert [f"{case}: {problem}" for case, path, text in files() if (problem := broken(path, text))] == []


def test_notebooks_hold_code_that_runs() -> None:
    """The cells without magics are Python."""
    cells = [
        "".join(cell["source"])
        for _, path, text in files()
        if path.endswith(".ipynb")
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
    ]
    assert cells
    assert [cell for cell in cells if not cell.startswith(("%", "!")) and broken("cell.py", cell)] == []


# --- the scorer itself


def result(*expect: str, rows: Mapping[str, str]) -> Result:
    """A case that expects some labels, with rows that a Python file gives."""
    case = Case(case="example", about="a case for the scorer", files=rows, expect=expect)
    return inventory.judge([case])[0]


IMPORT = {"a.py": "import openai\n"}


def test_a_found_label_is_right() -> None:
    """Names are compared without regard to case."""
    found = result("ai_sdk OpenAI", rows=IMPORT)
    assert (found.missing, found.false, found.right) == ((), (), 1)


def test_a_row_without_label_is_false_and_a_label_without_row_is_missing() -> None:
    """Each counts on its own."""
    found = result("ai_sdk anthropic", rows=IMPORT)
    assert ([row.name for row in found.false], [each.text for each in found.missing]) == (
        ["openai"],
        ["ai_sdk anthropic"],
    )


def test_an_optional_label_counts_on_neither_side() -> None:
    """Found or not, it changes no number."""
    found = result("ai_sdk openai ?", "model gpt-4 ?", rows=IMPORT)
    assert (found.missing, found.false, found.right, found.wanted) == ((), (), 0, ())


def test_one_of_several_names_is_enough() -> None:
    """Alternatives may be of another kind, and `*` stands for any text."""
    found = result("vector_store x | ai_sdk open*", rows=IMPORT)
    assert (found.missing, found.false) == ((), ())


def test_a_bad_label_is_an_error() -> None:
    """A slip in a label would be counted as missing for ever."""
    with pytest.raises(ValueError, match="no_such_kind"):
        inventory.label("no_such_kind x")
    with pytest.raises(ValueError, match="<kind> <name>"):
        inventory.label("model ")


def test_a_path_out_of_the_case_is_an_error() -> None:
    """A case writes below its own folder only."""
    with pytest.raises(ValueError, match="leads out"):
        Case(case="out", about="a case that leads out", files={"../x": ""}, expect=())


def test_an_unreadable_case_names_its_file(tmp_path: Path) -> None:
    """Unknown keys, bad base64 and bad labels stop the scorer."""
    start = "- case: bad\n  about: a case with a mistake in it\n"
    for rest in ("  expect: []\n  expects: []\n", "  base64: {a: '!'}\n  expect: []\n", "  expect: [modell x]\n"):
        (tmp_path / "bad.yaml").write_text(start + rest, "utf-8")
        with pytest.raises(ValueError, match=r"bad|expects"):
            inventory.load(tmp_path)


def test_the_table_has_a_line_for_each_area_and_the_sum() -> None:
    """An area without labels has no recall."""
    score = Score((result(rows=IMPORT),))
    assert inventory.table({"x": score}).splitlines()[2:] == [
        "| x | 0 | 1 | 0 | 0 | n/a | 1 | 0 % | 1 |",
        "| **all** | **0** | **1** | **0** | **0** | **n/a** | **1** | **0 %** | **1** |",
    ]


def test_the_command_prints_the_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One area, with what is wrong in it."""
    monkeypatch.setattr("sys.argv", ["inventory", "-v", "privacy"])
    assert inventory.main() == 0
    assert "| privacy | 3 | 0 |" in capsys.readouterr().out
