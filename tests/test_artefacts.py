"""Files that claims are checked against: inside the scanned folder, regular, and of bounded size."""

import os
from pathlib import Path

import pytest

from petguard import artefacts, verifiers
from petguard.artefacts import Artefacts, Undecided
from petguard.claims import STATEMENT
from petguard.model import Claim, Location, Reason, Verdict, unverifiable
from petguard.verifiers import Verifier
from tests.benches import bench


def test_a_file_of_the_folder_is_read(tmp_path: Path) -> None:
    """With the bytes that it has."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_bytes(b"a,b\n")
    assert Artefacts(tmp_path).read("out/a.csv") == b"a,b\n"


@pytest.mark.parametrize("name", ["missing.csv", "../outside.csv", "/etc/hostname", "link", "folder", "pipe", "a\0b"])
def test_what_is_no_file_of_the_folder_is_absent(tmp_path: Path, name: str) -> None:
    """Nothing outside is opened, and no pipe that would wait for ever."""
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "outside.csv").write_text("secret")
    (root / "link").symlink_to(tmp_path / "outside.csv")
    os.mkfifo(root / "pipe")
    with pytest.raises(Undecided) as raised:
        Artefacts(root).read(name)
    assert raised.value.reason is Reason.ARTEFACT_ABSENT


def test_a_file_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    """Memory is bounded, and half a file proves nothing."""
    (tmp_path / "a").write_bytes(b"12345")
    with pytest.raises(Undecided, match="larger than 4 bytes") as raised:
        Artefacts(tmp_path).read("a", most=4)
    assert raised.value.reason is Reason.GAP


def test_a_missing_extra_is_named() -> None:
    """Whoever reads the verdict learns what to install."""
    with pytest.raises(Undecided, match=r"install petguard\[tee\]") as raised:
        artefacts.optional("no_such_module_of_petguard", "tee")
    assert raised.value.reason is Reason.LIBRARY_MISSING


def test_what_a_verifier_could_not_decide_becomes_its_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file is the reason of an unverifiable claim and no crash."""

    def judge(claim: Claim, where: verifiers.Bench) -> Verdict:
        where.files.read("missing.csv")
        return unverifiable(claim, Reason.GAP, "not reached")

    monkeypatch.setattr(verifiers, "_known", lambda: {"psi": Verifier("psi", judge)})
    statement = STATEMENT.validate_python({"technique": "psi"})
    claim = Claim(id="c", statement=statement, location=Location(path="a"), subject="a")
    (verdict,) = verifiers.judge_all([claim], bench())
    assert (verdict.reason, verdict.explanation) == (Reason.ARTEFACT_ABSENT, "missing.csv: No such file or directory")


def test_a_folder_is_listed_whole(tmp_path: Path) -> None:
    """Links are named and not followed."""
    (tmp_path / "m" / "sub").mkdir(parents=True)
    (tmp_path / "m" / "sub" / "a").write_bytes(b"")
    (tmp_path / "m" / "link").symlink_to(tmp_path)
    assert Artefacts(tmp_path).below("m") == ("link", "sub/a")


@pytest.mark.parametrize("name", ["..", "gone", "file", "link"])
def test_no_folder_of_the_scanned_one_is_absent(tmp_path: Path, name: str) -> None:
    """Nothing outside is listed."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "file").write_bytes(b"")
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(Undecided) as raised:
        Artefacts(root).below(name)
    assert raised.value.reason is Reason.ARTEFACT_ABSENT


def test_a_folder_with_too_many_files_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a list proves nothing."""
    monkeypatch.setattr(artefacts, "_MOST_FILES", 1)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(Undecided, match="more than 1 files"):
        Artefacts(tmp_path).below(".")
