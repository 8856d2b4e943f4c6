"""A cache may save time and nothing else."""

from pathlib import Path

import pytest

from petguard.cache import Cache


def _saved(path: Path, **rows: list[dict[str, int]]) -> Cache:
    cache = Cache(path)
    for key, value in rows.items():
        cache.remember(key, value)
    cache.save()
    return Cache(path)


def test_what_was_saved_is_recalled(tmp_path: Path) -> None:
    """The folder is made when it is needed."""
    assert _saved(tmp_path / "new" / "cache.json", a=[{"line": 1}]).recall("a") == [{"line": 1}]


def test_an_unknown_key_is_not_an_empty_result(tmp_path: Path) -> None:
    """Nothing remembered and nothing found are two things."""
    cache = _saved(tmp_path / "cache.json", a=[])
    assert (cache.recall("a"), cache.recall("b")) == ([], None)


def test_what_a_scan_does_not_use_is_forgotten(tmp_path: Path) -> None:
    """The file holds as much as the tree, not its history."""
    cache = _saved(tmp_path / "cache.json", a=[], b=[])
    cache.recall("a")
    cache.save()
    assert Cache(tmp_path / "cache.json").recall("b") is None


def test_without_a_path_nothing_lasts() -> None:
    """The cache of `--no-cache`."""
    cache = Cache(None)
    cache.remember("a", [])
    cache.save()
    assert Cache(None).recall("a") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b'{"a": [1]}', b"\xff", b"[" * 100_000])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    """Cut off, of another shape, not text."""
    (tmp_path / "cache.json").write_bytes(content)
    assert Cache(tmp_path / "cache.json").recall("a") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """The scan goes on without a cache."""
    (tmp_path / "file").write_text("")
    assert _saved(tmp_path / "file" / "cache.json", a=[]).recall("a") is None
