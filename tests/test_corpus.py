"""Published files of the systems petguard is for, read as they are. Skipped where the corpus is not there."""

import shutil
from pathlib import Path

import pytest

from petguard.model import Outcome, Reason
from petguard.report import ClaimRow, Report
from petguard.scan import Request, scan

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of published files is not beside the checkout")


@pytest.fixture(scope="module")
def as_published() -> Report:
    """A scan of the whole corpus."""
    return scan(Request(paths=(CORPUS,)))


@pytest.fixture(scope="module")
def with_sizes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ClaimRow]:
    """The DPCA-PSI claims when somebody states that each party holds a million rows."""
    folder = tmp_path_factory.mktemp("privacygo")
    for path in (CORPUS / "privacygo").glob("*.json"):
        shutil.copyfile(path, folder / path.name)
    names = sorted(path.name for path in folder.glob("*.json"))
    stated = [f"  - {{technique: dp_psi, config: {name}, dataset_size: 1000000}}" for name in names]
    (folder / "petguard.yaml").write_text("\n".join(["claims:", *stated, ""]), "utf-8")
    return {claim.subject: claim for claim in of(scan(Request(paths=(folder,))), "dp_psi")}


def of(report: Report, technique: str) -> list[ClaimRow]:
    """The claims of one technique."""
    return [claim for claim in report.claims if claim.technique == technique]


def test_each_dpca_psi_file_is_one_claim(as_published: Report) -> None:
    """Eight run configurations, eight claims; PETAce's hash factor called epsilon is none."""
    assert sorted(claim.subject for claim in of(as_published, "dp_psi")) == sorted(
        f"privacygo/{path.name}" for path in (CORPUS / "privacygo").glob("*.json")
    )


def test_the_intersections_of_petace_claim_no_privacy_budget(as_published: Report) -> None:
    """Each of the six is a claim about what it reveals, and states no epsilon."""
    found = of(as_published, "psi")
    assert sorted(claim.subject for claim in found) == sorted(
        f"petace/{path.name}" for path in (CORPUS / "petace").glob("*.json")
    )
    assert not any("epsilon" in claim.stated for claim in found)


def test_the_moduli_of_privacygo_are_long_enough(as_published: Report) -> None:
    """Paillier with 2048 bits has the 112 bits that are asked of anything."""
    assert {claim.outcome for claim in of(as_published, "homomorphic_encryption")} == {Outcome.VERIFIED}


def test_without_dp_is_refuted_by_the_configuration_alone(as_published: Report) -> None:
    """`input_dp: false` needs no other number."""
    refuted = {claim.subject for claim in as_published.claims if claim.outcome is Outcome.REFUTED}
    assert refuted == {"privacygo/receiver_without_dp.json", "privacygo/sender_without_dp.json"}


def test_a_missing_data_set_size_is_asked_for(as_published: Report) -> None:
    """The size is not in the file, and without it there is no delta."""
    others = {claim.reason for claim in of(as_published, "dp_psi") if claim.outcome is not Outcome.REFUTED}
    assert others == {Reason.MISSING_PARAMETER}


def test_with_a_million_rows_the_published_tau_is_verified(with_sizes: dict[str, ClaimRow]) -> None:
    """Tau 1440 is what PrivacyGo ships for 1,000,000 rows and epsilon 2."""
    verified = {subject for subject, claim in with_sizes.items() if claim.outcome is Outcome.VERIFIED}
    assert verified == {subject for subject in with_sizes if "without_dp" not in subject}


def test_without_dp_stays_refuted_with_a_million_rows(with_sizes: dict[str, ClaimRow]) -> None:
    """A stated size does not switch the dummies on."""
    assert with_sizes["sender_without_dp.json"].outcome is Outcome.REFUTED


def test_every_file_of_the_corpus_is_in_one_state(as_published: Report) -> None:
    """Tokens, quotes and catalogue files are counted, too."""
    count = as_published.coverage
    assert count.collected == count.analysed + count.partial + count.skipped + count.failed
    assert count.collected == sum(path.is_file() for path in CORPUS.rglob("*"))
