"""Pickles inside archives and double compression: found by their bytes, and never loaded."""

import bz2
import gzip
import io
import os
import pickle
import tarfile
import zipfile
from collections import OrderedDict
from typing import Any, Literal

import pytest

from petguard.model import Node, Trait
from petguard.parsers._model_formats import wrapped
from tests.parsers.test_model_file_contents import examined

Files = dict[str, bytes]


class Marking:
    """Whoever loads a pickle of this is gone."""

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """What a pickle of it says."""
        return os.abort, ()


EVIL = pickle.dumps(Marking())
PLAIN = pickle.dumps(OrderedDict(weights=[1.0, 2.0]))


def zipped(members: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return held.getvalue()


def tarred(members: Files, mode: Literal["w", "w:gz", "w:bz2", "w:xz"] = "w") -> bytes:
    """A tar archive."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()


def nodes(name: str, content: bytes) -> tuple[Node, ...]:
    """The model files that are found."""
    return examined({name: content})[0]


TORCH = zipped({"archive/data.pkl": EVIL, "archive/version": b"3"}, zipfile.ZIP_STORED)
EVIL_ONES = {
    "clf.zip": zipped({"README": b"a model", "sub/clf.bin": EVIL}),
    "clf.tar": tarred({"README": b"a model", "clf.joblib": EVIL}),
    "model.tar.gz": tarred({"clf.pkl": EVIL}, "w:gz"),
    "model.tar.bz2": tarred({"clf.pkl": EVIL}, "w:bz2"),
    "model.tar.xz": tarred({"clf.pkl": EVIL}, "w:xz"),
    "asr.nemo": tarred({"model_config.yaml": b"a: 1\n", "model_weights.ckpt": TORCH}),
    "old.pth": tarred({"sys_info": EVIL, "pickle": EVIL, "storages": b"0"}),
    "twice.gz": gzip.compress(gzip.compress(EVIL)),
    "twice.bz2": bz2.compress(gzip.compress(EVIL)),
    "outer.zip": zipped({"inner.zip": zipped({"clf.pkl": EVIL})}),
    "old.zip": zipped({"clf.pkl": pickle.dumps(Marking(), 0)}),
}


@pytest.mark.parametrize(("name", "content"), EVIL_ONES.items(), ids=EVIL_ONES.keys())
def test_a_pickle_in_a_wrapper_is_recorded(name: str, content: bytes) -> None:
    """With what it imports; it is not loaded."""
    (node,) = nodes(name, content)
    assert Trait.UNSAFE_SERIALISATION in node.traits
    assert "posix.abort" in str(node.details["dangerous_imports"])


OTHERS = {
    "texts.zip": zipped({"a.txt": b"words", "b.csv": b"a,b\n"}),
    "texts.tar.gz": tarred({"a.txt": b"words"}, "w:gz"),
    "data.zip": zipped({"a.pkl": pickle.dumps([1, 2, 3])}),
    "page.docx": zipped({"clf.pkl": EVIL}),
    "words.gz": gzip.compress(b"words " * 100),
    "empty.tar": tarred({}),
    "notes.pkl.txt": b"\x04\x22\x4d",
}


@pytest.mark.parametrize(("name", "content"), OTHERS.items(), ids=OTHERS.keys())
def test_another_archive_is_left_alone(name: str, content: bytes) -> None:
    """Texts, plain data, and documents that happen to be zip archives."""
    assert nodes(name, content) == ()


def test_tensors_in_an_archive_run_nothing() -> None:
    """A NeMo checkpoint whose pickles only build tensors."""
    weights = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nq\0."
    (node,) = nodes("asr.nemo", tarred({"model_weights.ckpt": zipped({"archive/data.pkl": weights})}))
    assert Trait.UNSAFE_SERIALISATION not in node.traits


@pytest.mark.parametrize("name", ["asr.nemo", "model.tar.gz", "model.tar"])
def test_a_model_archive_that_is_cut_off_is_a_gap(name: str) -> None:
    """Nobody knows what the rest would have imported."""
    whole = tarred({"a.txt": os.urandom(4_000), "clf.pkl": EVIL}, "w:gz" if name.endswith("gz") else "w")
    (node,), gaps = examined({name: whole[:3_000]})
    assert Trait.UNSAFE_SERIALISATION in node.traits
    assert [gap.path for gap in gaps] == [name]


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(600), bytes(257) + b"ustar" + bytes(600), b"BZh9" + bytes(60)]
)
def test_a_broken_archive_of_no_telling_name_is_left_alone(content: bytes) -> None:
    """Whatever it was, it is not called like a model."""
    assert nodes("a.bin", content) == ()


@pytest.mark.parametrize(("name", "magic"), [("clf.joblib.lz4", b"\x04\x22\x4d\x18"), ("w.pt", b"\x28\xb5\x2f\xfd")])
def test_what_cannot_be_unpacked_may_run_code(name: str, magic: bytes) -> None:
    """A pickle by its name, compressed in a way that is not read here: a gap."""
    (node,), gaps = examined({name: magic + bytes(100)})
    assert Trait.UNSAFE_SERIALISATION in node.traits
    assert "LZ4 or Zstandard" in gaps[0].detail


def test_an_archive_with_too_many_members_is_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound that no honest model meets."""
    monkeypatch.setattr(wrapped, "_MOST_MEMBERS", 2)
    members = {f"{n}.txt": b"words" for n in range(9)} | {"clf.pkl": EVIL}
    (node,), gaps = examined({"model.tar": tarred(members)})
    assert Trait.UNSAFE_SERIALISATION in node.traits
    assert gaps


def test_a_bomb_of_wrappers_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrappers are opened so deep, and no deeper; what is not opened is called like a pickle, so it counts."""
    monkeypatch.setattr(wrapped, "MAX_READ", 100_000)
    content = EVIL
    for _ in range(9):
        content = zipped({"clf.pkl": content})
    (node,), gaps = examined({"model.zip": content})
    assert Trait.UNSAFE_SERIALISATION in node.traits
    assert gaps
