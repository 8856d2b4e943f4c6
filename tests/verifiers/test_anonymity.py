"""k-anonymity, l-diversity and t-closeness over whole files: what is verified, refuted and left open."""

import gzip
import json
import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard import verifiers
from petguard.artefacts import Artefacts, Undecided
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from petguard.verifiers import _classes, _released
from tests.benches import bench

HOSPITAL = """age,zip,diagnosis,cost
30-39,130**,flu,1
30-39,130**,flu,2
30-39,130**,cancer,3
40-49,148**,flu,4
40-49,148**,flu,5
"""


def judge(root: Path, technique: str, text: str = HOSPITAL, name: str = "out.csv", **said: Any) -> Verdict:
    """The verdict on a claim about a file with this text."""
    (root / name).write_text(text, "utf-8")
    fields = {"technique": technique, "artefact": name, "quasi_identifiers": ["age", "zip"], **said}
    statement = STATEMENT.validate_python(fields)
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject=name)
    return verifiers.judge_all([claim], bench(root=root))[0]


@pytest.mark.parametrize(("k", "outcome"), [(2, Outcome.VERIFIED), (3, Outcome.REFUTED), (10**15, Outcome.REFUTED)])
def test_k_is_the_smallest_class(tmp_path: Path, k: int, outcome: Outcome) -> None:
    """The hospital's smallest class has two rows."""
    verdict = judge(tmp_path, "k_anonymity", k=k)
    assert (verdict.outcome, verdict.interval) == (outcome, (2.0, 2.0))


def test_a_refuted_k_shows_the_class_and_its_row(tmp_path: Path) -> None:
    """Whoever reads it can look the row up."""
    witness = judge(tmp_path, "k_anonymity", k=3).witness
    assert witness == {"class": {"age": "40-49", "zip": "148**"}, "rows": 2, "first_row": 4, "k": 2}


def test_the_remedy_names_what_to_generalise(tmp_path: Path) -> None:
    """Both columns separate the two classes, so one has to go; all five rows are one class then."""
    assert judge(tmp_path, "k_anonymity", k=3).remedy == {"generalise": ["age", "zip"], "k": 5}


def test_no_generalising_helps_a_file_with_too_few_rows(tmp_path: Path) -> None:
    """Then there is no remedy to name."""
    assert judge(tmp_path, "k_anonymity", k=6).remedy == {}


def test_a_class_of_one_diagnosis_is_not_diverse(tmp_path: Path) -> None:
    """Everybody of 40 to 49 has the flu."""
    verdict = judge(tmp_path, "l_diversity", sensitive=["diagnosis"], l=2)
    assert (verdict.outcome, verdict.witness["class"]["age"]) == (Outcome.REFUTED, "40-49")


def test_every_sensitive_column_must_be_diverse(tmp_path: Path) -> None:
    """The cost differs everywhere, the diagnosis does not."""
    assert judge(tmp_path, "l_diversity", sensitive=["cost"], l=2).outcome is Outcome.VERIFIED
    assert judge(tmp_path, "l_diversity", sensitive=["cost", "diagnosis"], l=2).outcome is Outcome.REFUTED


@pytest.mark.parametrize(("t", "outcome"), [(0.2001, Outcome.VERIFIED), (0.1999, Outcome.REFUTED)])
def test_t_of_categories_is_the_total_variation(tmp_path: Path, t: float, outcome: Outcome) -> None:
    """Flu: 4/5 of all, 5/5 of the second class: distance 0.2; the first class is 2/15 away."""
    assert judge(tmp_path, "t_closeness", sensitive=["diagnosis"], t=t).outcome is outcome


def test_t_of_numbers_is_ordered(tmp_path: Path) -> None:
    """The paper's example: {3k, 4k, 5k} among 3k to 11k has distance 0.375."""
    salaries = "age,zip,pay\n" + "".join(f"{'a' if pay < 6 else pay},1,{pay}000\n" for pay in range(3, 12))
    verdict = judge(tmp_path, "t_closeness", salaries, sensitive=["pay"], t=0.9)
    found = _classes.classes(_released.open_table(Artefacts(tmp_path), "out.csv"), ["age", "zip"], "pay")
    assert _classes._ordered_distances(found, _classes._numbers(found.values))[0] == pytest.approx(0.375)  # type: ignore[arg-type]
    assert verdict.outcome is Outcome.VERIFIED


@pytest.mark.parametrize("technique", ["k_anonymity", "l_diversity", "t_closeness"])
@pytest.mark.parametrize("missing", ["artefact", "quasi_identifiers", "k l t", "sensitive"])
def test_what_is_not_stated_is_named(tmp_path: Path, technique: str, missing: str) -> None:
    """Each missing field leaves the claim unverifiable."""
    symbol = {"k_anonymity": "k", "l_diversity": "l", "t_closeness": "t"}[technique]
    said: dict[str, Any] = {symbol: 1, "sensitive": ["diagnosis"]}
    if missing == "sensitive" and symbol == "k":
        pytest.skip("k-anonymity does not look at sensitive values")
    for name in missing.split():
        said |= {name: [] if name in ("quasi_identifiers", "sensitive") else None} if name not in "klt" else {}
    said |= {symbol: None} if missing == "k l t" else {}
    verdict = judge(tmp_path, technique, **said)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.MISSING_PARAMETER)


def test_guessed_quasi_identifiers_refute(tmp_path: Path) -> None:
    """That a guessed column breaks k is a fact; which columns there are is said in the assumptions."""
    verdict = judge(tmp_path, "k_anonymity", quasi_identifiers=[], k=3)
    assert verdict.outcome is Outcome.REFUTED
    assert "guessed" in verdict.assumptions[-1]


def test_guessed_quasi_identifiers_never_verify(tmp_path: Path) -> None:
    """There may be others that tell people apart."""
    assert judge(tmp_path, "k_anonymity", quasi_identifiers=[], k=2).outcome is Outcome.UNVERIFIABLE


def test_rows_with_missing_values_count(tmp_path: Path) -> None:
    """A group-by that drops them would call this 2-anonymous."""
    assert judge(tmp_path, "k_anonymity", HOSPITAL + ",148**,flu,9\n", k=2).outcome is Outcome.REFUTED


def test_suppressed_rows_are_named_and_form_no_class(tmp_path: Path) -> None:
    """A row with nothing but stars tells nobody's quasi-identifiers."""
    verdict = judge(tmp_path, "k_anonymity", HOSPITAL + "*,*,flu,9\n", k=2)
    assert verdict.outcome is Outcome.VERIFIED
    assert any(line.startswith("1 rows with every") for line in verdict.assumptions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no header"),
        ("age,zip,diagnosis\n", "no rows"),
        ("age,zip\n1,2,3\n", "row 1 has 3 cells under 2 columns"),
        ('age,zip\n1,"2\n', "unexpected end of data"),
        ("age,zip,zip\n1,2,3\n", "stands twice"),
        ("age,zip\n1," + "x" * 200_000 + "\n", "field larger than field limit"),
        ("height,zip\n1,2\n", "has no column age"),
    ],
)
def test_a_table_that_cannot_be_counted_is_judged_by_nothing(tmp_path: Path, text: str, said: str) -> None:
    """A file cut off, misshaped or empty is a gap and no pass."""
    verdict = judge(tmp_path, "k_anonymity", text, k=1)
    assert verdict.outcome is Outcome.UNVERIFIABLE
    assert said in verdict.explanation


def test_a_file_that_is_not_there_is_absent(tmp_path: Path) -> None:
    """The claim stays, and says that nobody could look."""
    assert judge(tmp_path, "k_anonymity", k=2, artefact="other.csv").reason is Reason.ARTEFACT_ABSENT


def test_bytes_that_are_no_text_are_a_gap(tmp_path: Path) -> None:
    """Half of a file in another encoding could decide."""
    judge(tmp_path, "k_anonymity", k=2)
    (tmp_path / "out.csv").write_bytes(HOSPITAL.encode() + b"\xff\xfe,1,2,3\n")
    with pytest.raises(Undecided, match="cannot be read to its end"):
        _classes.classes(_released.open_table(Artefacts(tmp_path), "out.csv"), ["age"])


def test_a_table_with_ten_thousand_columns_is_read(tmp_path: Path) -> None:
    """Only the wanted columns are kept."""
    head = ",".join(f"c{n}" for n in range(10_000))
    text = "\n".join([head, *(",".join(["1"] * 10_000) for _ in range(20))]) + "\n"
    assert judge(tmp_path, "k_anonymity", text, quasi_identifiers=["c7", "c9999"], k=20).outcome is Outcome.VERIFIED


def test_other_forms_of_the_same_table_have_the_same_k(tmp_path: Path) -> None:
    """TSV, semicolons, JSON lines and gzip."""
    rows = [line.split(",") for line in HOSPITAL.splitlines()]
    (tmp_path / "out.jsonl").write_text("\n".join(json.dumps(dict(zip(rows[0], row, strict=True))) for row in rows[1:]))
    (tmp_path / "out.csv.gz").write_bytes(gzip.compress(HOSPITAL.encode()))
    (tmp_path / "out.tsv").write_text(HOSPITAL.replace(",", "\t"))
    (tmp_path / "semi.csv").write_text(HOSPITAL.replace(",", ";"))
    for name in ("out.jsonl", "out.csv.gz", "out.tsv", "semi.csv"):
        found = _classes.classes(_released.open_table(Artefacts(tmp_path), name), ["age", "zip"])
        assert sorted(found.sizes.tolist()) == [2, 3], name


def test_a_gzip_file_that_is_cut_off_is_a_gap(tmp_path: Path) -> None:
    """Its rows cannot be counted."""
    (tmp_path / "out.csv.gz").write_bytes(gzip.compress(os.urandom(50).hex().encode() + HOSPITAL.encode())[:-20])
    with pytest.raises(Undecided):
        _released.open_table(Artefacts(tmp_path), "out.csv.gz").need(["age"])


def test_parquet_without_its_library_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim is unverifiable for want of a library, and says which."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    verdict = judge(tmp_path, "k_anonymity", "PAR1", name="out.parquet", k=2)
    assert (verdict.reason, "petguard[tabular]" in verdict.explanation) == (Reason.LIBRARY_MISSING, True)


rows = st.lists(st.tuples(st.sampled_from("ab*"), st.sampled_from("xy*"), st.integers(0, 6)), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(table=rows)
def test_the_three_measures_are_those_of_their_definitions(
    tmp_path_factory: pytest.TempPathFactory, table: list[tuple[str, str, int]]
) -> None:
    """Against direct enumeration over dictionaries; a class of stars alone is left out."""
    folder = tmp_path_factory.mktemp("table")
    (folder / "t.csv").write_text("q,r,s\n" + "".join(f"{q},{r},{s}\n" for q, r, s in table))
    found = _classes.classes(_released.open_table(Artefacts(folder), "t.csv"), ["q", "r"], "s")
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for q, r, s in table:
        groups[q, r].append(s)
    groups.pop(("*", "*"), None)
    if not groups:
        return
    assert _classes.smallest(found)[0] == min(map(len, groups.values()))
    assert _classes.least_diverse(found)[0] == min(len(set(values)) for values in groups.values())
    assert _classes.farthest(found)[0] == pytest.approx(max(_distance(values, table) for values in groups.values()))


def _distance(own: list[int], table: list[tuple[str, str, int]]) -> float:
    """The ordered earth mover's distance, as the paper defines it."""
    domain = sorted({s for _, _, s in table})
    if len(domain) == 1:
        return 0.0
    whole, mine = Counter(s for _, _, s in table), Counter(own)
    gap, total = 0.0, 0.0
    for value in domain[:-1]:
        gap += mine[value] / len(own) - whole[value] / len(table)
        total += abs(gap)
    return total / (len(domain) - 1)


def test_a_second_release_about_the_same_people_narrows_them_down(tmp_path: Path) -> None:
    """Each file has two diagnoses in every class, and only one of them is in both."""
    (tmp_path / "march.csv").write_text("age,zip,diagnosis\n30-39,130**,flu\n30-39,130**,asthma\n")
    march = "age,zip,diagnosis\n30-39,130**,flu\n30-39,130**,cancer\n"
    said: dict[str, Any] = {"sensitive": ["diagnosis"], "l": 2}
    assert judge(tmp_path, "l_diversity", march, **said).outcome is Outcome.VERIFIED
    verdict = judge(tmp_path, "l_diversity", march, also_released=["march.csv"], **said)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.witness["group"] == {"age": "30-39", "zip": "130**"}


@pytest.mark.parametrize(
    "other",
    [
        "age,zip,diagnosis\n50-59,130**,flu\n",
        "age,zip,diagnosis\n3*,130**,flu\n",
        "age,zip,ward\n30-39,130**,2\n",
        "name,diagnosis\nX,flu\n",
    ],
)
def test_a_second_release_that_cannot_be_laid_beside_it_leaves_the_claim_open(tmp_path: Path, other: str) -> None:
    """Its groups may be the same people, generalised in another way."""
    (tmp_path / "march.csv").write_text(other)
    april = "age,zip,diagnosis\n30-39,130**,flu\n30-39,130**,cancer\n"
    verdict = judge(tmp_path, "l_diversity", april, also_released=["march.csv"], sensitive=["diagnosis"], l=2)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)


def test_a_second_release_that_leaves_enough_verifies(tmp_path: Path) -> None:
    """Both have the same two diagnoses, one of them in capitals."""
    (tmp_path / "march.csv").write_text("age,zip,diagnosis\n30-39,130**,FLU\n30-39,130**,cancer\n")
    april = "age,zip,diagnosis\n30-39,130**,flu\n30-39,130**,cancer\n"
    verdict = judge(tmp_path, "l_diversity", april, also_released=["march.csv"], sensitive=["diagnosis"], l=2)
    assert verdict.outcome is Outcome.VERIFIED


@pytest.mark.parametrize("second", ["Flu", "flu ", "F L U", "\ufb02u"])
def test_spellings_of_one_value_are_no_diversity(tmp_path: Path, second: str) -> None:
    """Two spellings of the flu do not hide who has it, and may be two values."""
    table = f"age,zip,diagnosis\n30-39,130**,flu\n30-39,130**,{second}\n"
    verdict = judge(tmp_path, "l_diversity", table, sensitive=["diagnosis"], l=2)
    assert verdict.outcome is Outcome.UNVERIFIABLE


def test_one_missing_number_does_not_refute_closeness(tmp_path: Path) -> None:
    """Without an order the classes are far apart, although their amounts lie close together."""
    rows = [f"{'ab'[pay % 2]},1,{pay}" for pay in range(1000)]
    assert judge(tmp_path, "t_closeness", "\n".join(["age,zip,pay", *rows]), sensitive=["pay"], t=0.1).outcome is (
        Outcome.VERIFIED
    )
    verdict = judge(tmp_path, "t_closeness", "\n".join(["age,zip,pay", *rows, "a,1,"]), sensitive=["pay"], t=0.1)
    assert verdict.outcome is Outcome.UNVERIFIABLE


@pytest.mark.parametrize(("column", "words"), [("cost", "amounts"), ("diagnosis", "equally far apart")])
def test_which_distance_was_taken_is_said(tmp_path: Path, column: str, words: str) -> None:
    """A code that looks like a number would be farther from the others."""
    verdict = judge(tmp_path, "t_closeness", sensitive=[column], t=0.9)
    assert any(words in line for line in verdict.assumptions)


def test_a_quasi_identifier_that_names_people_is_masked(tmp_path: Path) -> None:
    """The witness shows the class, not who is in it."""
    table = "age,zip,email\n30,1,jo@x.org\n"
    verdict = judge(tmp_path, "k_anonymity", table, quasi_identifiers=["age", "email"], k=2)
    assert (verdict.outcome, verdict.witness["class"]["age"]) == (Outcome.REFUTED, "30")
    assert "jo@" not in str(verdict)
