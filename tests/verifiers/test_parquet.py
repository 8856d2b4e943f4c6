"""Released tables in Parquet, by the extra `tabular`: the same numbers as for CSV, and gaps for what is broken."""

from pathlib import Path
from typing import Any

import pytest

from petguard.artefacts import Artefacts, Undecided
from petguard.model import Outcome, Reason
from petguard.verifiers import _classes, _released
from tests.verifiers.test_anonymity import judge

arrow: Any = pytest.importorskip("pyarrow")
parquet: Any = pytest.importorskip("pyarrow.parquet")

COLUMNS = {
    "age": ["30-39", "30-39", None, None, None],
    "zip": ["130", "130", "148", "148", "148"],
    "cost": [1, 2, 3, 4, 5],
}


def written(root: Path, **options: Any) -> Path:
    """The table as a Parquet file."""
    parquet.write_table(arrow.table(COLUMNS), root / "out.parquet", **options)
    return root / "out.parquet"


@pytest.mark.parametrize(("k", "outcome"), [(2, Outcome.VERIFIED), (3, Outcome.REFUTED)])
def test_k_of_a_parquet_file(tmp_path: Path, k: int, outcome: Outcome) -> None:
    """Rows without an age are a class of their own."""
    raw = written(tmp_path).read_bytes()
    verdict = judge(tmp_path, "k_anonymity", "", name="other.csv", artefact="out.parquet", k=k)
    assert (verdict.outcome, verdict.interval) == (outcome, (2.0, 2.0))
    assert raw[:4] == b"PAR1"


def test_row_groups_are_read_to_the_last(tmp_path: Path) -> None:
    """However many a file has."""
    written(tmp_path, row_group_size=1)
    found = _classes.classes(_released.open_table(Artefacts(tmp_path), "out.parquet"), ["age", "zip"])
    assert sorted(found.sizes.tolist()) == [2, 3]


def test_a_column_may_be_used_twice(tmp_path: Path) -> None:
    """As a quasi-identifier and as what is to be hidden."""
    written(tmp_path)
    table = _released.open_table(Artefacts(tmp_path), "out.parquet")
    (batch,) = table.batches(["cost", "cost"])
    assert [tuple(column) for column in batch] == [("1", "2", "3", "4", "5")] * 2


@pytest.mark.parametrize("keep", [0, 3, 200, -1, -8])
def test_a_file_that_is_cut_off_is_a_gap(tmp_path: Path, keep: int) -> None:
    """The end says where the columns are, so nothing can be counted without it."""
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(Undecided) as raised:
        _released.open_table(Artefacts(tmp_path), "out.parquet")
    assert raised.value.reason is Reason.GAP


def test_a_damaged_page_is_a_gap(tmp_path: Path) -> None:
    """The footer is whole, a column is not: half of the rows prove nothing."""
    path = written(tmp_path, compression="gzip", use_dictionary=False)
    raw = bytearray(path.read_bytes())
    raw[4:120] = bytes(116)
    path.write_bytes(bytes(raw))
    with pytest.raises(Undecided) as raised:
        list(_released.open_table(Artefacts(tmp_path), "out.parquet").batches(["age"]))
    assert raised.value.reason is Reason.GAP


def test_a_file_that_only_claims_to_be_one_is_a_gap(tmp_path: Path) -> None:
    """The first four bytes are right, and nothing else."""
    (tmp_path / "out.parquet").write_bytes(b"PAR1" + b"\xff" * 400 + b"PAR1")
    with pytest.raises(Undecided):
        _released.open_table(Artefacts(tmp_path), "out.parquet")
