"""Synthetic tables: copied rows and leaked values refute, and nothing verifies."""

import random
from pathlib import Path
from typing import Any

import pytest

from petguard import verifiers
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Outcome, Reason, Verdict
from tests.benches import bench

Rows = list[tuple[Any, ...]]
HEAD = ("email", "salary", "born", "sex", "region")


def people(seed: int, count: int = 400) -> Rows:
    """Invented people: an address, a salary in cents, a birthday, and two columns with few values."""
    draw = random.Random(seed)  # noqa: S311 - invented data
    return [
        (
            f"{draw.randrange(10**9):x}@example.org",
            draw.randrange(10**7, 10**8) / 100,
            f"{draw.randrange(1940, 2005)}-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
            draw.choice("fm"),
            draw.choice("nesw"),
        )
        for _ in range(count)
    ]


def judge(root: Path, own: Rows, made: Rows, head: tuple[str, ...] = HEAD, **said: Any) -> Verdict:
    """The verdict on a synthetic table beside its private one."""
    for name, rows in (("private.csv", own), ("out.csv", made)):
        lines = [",".join(head), *(",".join(map(str, row)) for row in rows)]
        (root / name).write_text("\n".join(lines) + "\n", "utf-8")
    fields = {"technique": "synthetic_data", "artefact": "out.csv", "private": "private.csv", **said}
    statement = STATEMENT.validate_python(fields)
    claim = Claim(id="c", statement=statement, location=Location(path="petguard.yaml"), subject="out.csv")
    return verifiers.judge_all([claim], bench(root=root))[0]


def test_an_independent_table_is_not_refuted_and_not_verified(tmp_path: Path) -> None:
    """Nothing found proves nothing."""
    verdict = judge(tmp_path, people(1), people(2))
    assert (verdict.outcome, verdict.reason) == (Outcome.UNVERIFIABLE, Reason.NOT_SUFFICIENT)


def test_a_copied_column_is_a_leak(tmp_path: Path) -> None:
    """No row is copied, and every address is somebody's."""
    mixed = [(own[0], *other[1:]) for own, other in zip(people(1), people(2), strict=True)]
    verdict = judge(tmp_path, people(1), mixed)
    assert verdict.outcome is Outcome.REFUTED
    assert list(verdict.witness["leaked_values"]) == ["email"]


def test_the_witness_is_masked(tmp_path: Path) -> None:
    """A report must not publish what the table should not have."""
    private = people(1)
    verdict = judge(tmp_path, private, private)
    assert not any(str(row[0]) in verdict.model_dump_json() for row in private)


def test_a_column_of_public_values_is_no_leak(tmp_path: Path) -> None:
    """Whoever declares a domain public has said where the values come from."""
    mixed = [(own[0], *other[1:]) for own, other in zip(people(1), people(2), strict=True)]
    assert judge(tmp_path, people(1), mixed, public_domain=["email"]).outcome is Outcome.UNVERIFIABLE


def test_copied_salaries_are_a_leak_and_birthdays_by_chance_are_none(tmp_path: Path) -> None:
    """400 birthdays of 23,000 days coincide now and then; 400 salaries of nine million cents do not."""
    mixed = [(other[0], own[1], *other[2:]) for own, other in zip(people(1), people(2), strict=True)]
    assert list(judge(tmp_path, people(1), mixed).witness["leaked_values"]) == ["salary"]


def test_a_shuffled_copy_of_coarse_columns_is_refuted(tmp_path: Path) -> None:
    """No single value tells anybody apart, and yet everybody who is unique stands in it."""
    draw = random.Random(3)  # noqa: S311 - invented data
    private = [tuple(draw.randrange(8) for _ in range(6)) for _ in range(300)]
    head = tuple("abcdef")
    assert judge(tmp_path, private, private[::-1], head).outcome is Outcome.REFUTED


def test_coincidences_in_a_small_domain_refute_nothing(tmp_path: Path) -> None:
    """Two tables of two columns with few values share rows by chance."""
    draw = random.Random(4)  # noqa: S311 - invented data
    one, other = ([(draw.randrange(15), draw.randrange(15)) for _ in range(300)] for _ in range(2))
    assert judge(tmp_path, one, other, ("a", "b")).outcome is Outcome.UNVERIFIABLE


@pytest.mark.parametrize("missing", ["artefact", "private"])
def test_both_files_must_be_named(tmp_path: Path, missing: str) -> None:
    """Without the private file there is nothing to compare with."""
    said: dict[str, Any] = {missing: None}
    verdict = judge(tmp_path, people(1), people(2), **said)
    assert verdict.reason is Reason.MISSING_PARAMETER


def test_a_private_file_that_is_not_there_is_absent(tmp_path: Path) -> None:
    """As it should be in a public repository; then nobody can check here."""
    assert judge(tmp_path, people(1), people(2), private="elsewhere.csv").reason is Reason.ARTEFACT_ABSENT


def test_tables_without_a_common_column_cannot_be_compared(tmp_path: Path) -> None:
    """That is a gap and no pass."""
    (tmp_path / "other.csv").write_text("x\n1\n")
    assert judge(tmp_path, people(1), people(2), private="other.csv").reason is Reason.GAP


def test_columns_that_follow_from_others_make_no_copies(tmp_path: Path) -> None:
    """A postcode tells its town and state, so that most combinations come by chance in a large table of nobody."""
    draw = random.Random(5)  # noqa: S311 - invented data

    def invented(count: int) -> Rows:
        drawn = ((draw.randrange(20, 80), draw.choice("fm"), draw.randrange(40)) for _ in range(count))
        return [(age, sex, f"9{place:04}", f"town{place // 2}", f"state{place // 8}") for age, sex, place in drawn]

    head = ("age", "sex", "postcode", "town", "state")
    assert judge(tmp_path, invented(1_000), invented(20_000), head).reason is Reason.NOT_SUFFICIENT
