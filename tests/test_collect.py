"""Collecting files: every file ends in one state, and nothing that may matter disappears."""

import codecs
import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from petguard import collect as collecting
from petguard.blobs import Blob, opened
from petguard.collect import Candidate, Collection, Interest, Sniff, collect
from petguard.errors import ConfigurationError, NothingToScan
from petguard.model import Gap, State


def python(candidate: Candidate) -> Interest:
    """Takes Python files and reads those that mention openai."""
    if candidate.suffix != ".py":
        return Interest.NONE
    return Interest.READ if b"openai" in candidate.data else Interest.CLEAR


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    """Create files below `folder`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def look(*roots: Path, exclude: Sequence[str] = (), sniffs: Mapping[str, Sniff] | None = None) -> Collection:
    """Collect with the Python sniff."""
    return collect(roots, sniffs or {"python": python}, exclude)


def states(collection: Collection) -> dict[str, tuple[str, str]]:
    """State and reason by path."""
    return {file.path: (file.state.value, file.reason) for file in collection.files}


def only_gap(collection: Collection) -> Gap:
    """The one gap there is."""
    (gap,) = collection.gaps
    return gap


def test_a_file_to_read_becomes_an_input_of_its_parser(tmp_path: Path) -> None:
    """READ hands the decoded text to the parser that asked for it."""
    found = look(write(tmp_path, {"a/app.py": "import openai\n"}))
    assert [(item.path, item.text) for item in found.inputs["python"]] == [("a/app.py", "import openai\n")]


def test_a_clear_file_counts_as_analysed_and_is_not_kept(tmp_path: Path) -> None:
    """CLEAR means looked at; its text costs no memory."""
    found = look(write(tmp_path, {"a.py": "x = 1\n"}))
    assert states(found) == {"a.py": ("analysed", "clear")}
    assert found.inputs == {"python": ()}


def test_unwanted_files_are_counted_by_what_they_hold(tmp_path: Path) -> None:
    """Nothing disappears: each skipped file has a reason, judged by content before its name."""
    files: dict[str, bytes | str] = {
        "a.py": "x = 1",
        "empty": "",
        "logo.csv": b"\x89PNG\r\n\x1a\n\0",
        "guide.md": "# hello",
        "LICENSE": "text",
        "rows.csv": "a,b",
        "app.go": "package main",
        "run": "#!/bin/sh\n",
        "odd.xyz": "hm",
    }
    found = states(look(write(tmp_path, files)))
    assert {path: reason for path, (_, reason) in found.items()} == {
        "a.py": "clear",
        "empty": "empty",
        "logo.csv": "binary",
        "guide.md": "documentation",
        "LICENSE": "documentation",
        "rows.csv": "data",
        "app.go": "unsupported_language",
        "run": "unsupported_language",
        "odd.xyz": "other",
    }


@pytest.mark.parametrize("name", ["app.ts", "App.JSX", "main.go", "query.sql", "deploy", "note.ipynb"])
def test_ai_use_in_a_language_nobody_reads_is_a_gap(tmp_path: Path, name: str) -> None:
    """A call to an AI service is not clean because its language is unknown."""
    gap = only_gap(look(write(tmp_path, {name: "#!/usr/bin/env tool\nfetch('https://api.openai.com/v1')"})))
    assert (gap.state, gap.reason, gap.line) == (State.SKIPPED, "unsupported_language", 2)


def test_a_nul_byte_does_not_hide_source_code(tmp_path: Path) -> None:
    """Calling a script binary would be a way around the scan."""
    gap = only_gap(look(write(tmp_path, {"app.js": b"//\0\nfetch('https://api.openai.com/v1')"})))
    assert gap.reason == "unsupported_language"


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_marked_encodings_are_searched_and_decoded(tmp_path: Path, mark: str) -> None:
    """A literal in UTF-16 is seen, and the text comes without its mark."""
    found = look(write(tmp_path, {"a.py": "import openai  # ü\n".encode(mark)}))
    assert found.inputs["python"][0].text == "import openai  # ü\n"


@pytest.mark.parametrize("order", [(codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF32_BE, "utf-32-be")])
def test_big_endian_marks_are_understood(tmp_path: Path, order: tuple[bytes, str]) -> None:
    """The mark decides the byte order."""
    mark, encoding = order
    found = look(write(tmp_path, {"a.py": mark + "import openai".encode(encoding)}))
    assert found.inputs["python"][0].text == "import openai"


def test_a_coding_cookie_is_obeyed(tmp_path: Path) -> None:
    """PEP 263: a Python file may name its encoding in its first two lines."""
    text = "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nimport openai  # ü\n"
    found = look(write(tmp_path, {"a.py": text.encode("latin-1")}))
    assert found.inputs["python"][0].text == text


@pytest.mark.parametrize("cookie", ["utf-7", "unicode_escape", "rot13", "punycode", "no-such-thing"])
def test_a_cookie_that_could_hide_code_is_a_gap(tmp_path: Path, cookie: str) -> None:
    """An encoding in which `openai` does not look like `openai` would slip past every search."""
    gap = only_gap(look(write(tmp_path, {"a.py": f"# coding: {cookie}\nx = 1\n"})))
    assert (gap.state, gap.reason) == (State.FAILED, "encoding")


@pytest.mark.parametrize("line", ["import openai", "x = 1"])
def test_broken_encoding_is_a_gap_with_its_line(tmp_path: Path, line: str) -> None:
    """A file that some parser would take is not clean because it cannot be decoded."""
    gap = only_gap(look(write(tmp_path, {"a.py": line.encode() + b"\n# \xff\n"})))
    assert (gap.state, gap.reason, gap.line) == (State.FAILED, "encoding", 2)
    assert "byte" in gap.detail


def test_broken_encoding_in_a_file_nobody_wants_is_no_gap(tmp_path: Path) -> None:
    """Old data files in Latin-1 do not make a scan incomplete."""
    assert look(write(tmp_path, {"a.py": "x = 1", "rows.csv": b"na\xefve"})).gaps == ()


def test_line_ends_are_unified(tmp_path: Path) -> None:
    """Parsers see line feeds only, whatever the editor wrote."""
    found = look(write(tmp_path, {"a.py": b"import openai\r\nx = 1\ry = 2\n"}))
    assert found.inputs["python"][0].text == "import openai\nx = 1\ny = 2\n"


def test_a_huge_text_is_a_gap_and_is_not_read(tmp_path: Path) -> None:
    """Over the cap only the head is looked at; text that was not read is never silently clean."""
    path = write(tmp_path, {"dump.sql": "select 1;" * 8_000}) / "dump.sql"
    os.truncate(path, 200_000_000)
    offered: list[int] = []

    def measure(candidate: Candidate) -> Interest:
        offered.append(len(candidate.data))
        return Interest.NONE

    gap = only_gap(look(tmp_path, sniffs={"measure": measure}))
    assert (gap.state, gap.reason, offered) == (State.SKIPPED, "too_large", [])


def test_a_huge_binary_is_counted_without_a_gap(tmp_path: Path) -> None:
    """Model weights are no text; they are counted as binary."""
    os.truncate(write(tmp_path, {"a.py": "x = 1", "weights.bin": b"\0"}) / "weights.bin", 200_000_000)
    found = look(tmp_path)
    assert states(found)["weights.bin"] == ("skipped", "binary")
    assert found.gaps == ()


def test_more_text_than_fits_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded, and what did not fit is said."""
    monkeypatch.setattr(collecting, "MAX_TOTAL_BYTES", 20)
    found = look(write(tmp_path, {"a.py": "import openai", "b.py": "import openai"}))
    assert [item.path for item in found.inputs["python"]] == ["a.py"]
    assert only_gap(found).reason == "too_much"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    """Opening a pipe would wait for ever."""
    os.mkfifo(write(tmp_path, {"a.py": ""}) / "pipe.py")
    gap = only_gap(look(tmp_path))
    assert (gap.path, gap.state, gap.reason) == ("pipe.py", State.FAILED, "unreadable")


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs unix sockets")
def test_a_socket_is_a_gap() -> None:
    """Not a regular file: not opened, and said so."""
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{short}/s")
        assert only_gap(look(Path(short))).reason == "unreadable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_gap(tmp_path: Path) -> None:
    """Unreadable is not clean."""
    write(tmp_path, {"a.py": "import openai"}).joinpath("a.py").chmod(0)
    assert only_gap(look(tmp_path)).reason == "unreadable"


def test_a_file_that_vanishes_is_a_gap(tmp_path: Path) -> None:
    """Between listing and reading a file may go; that is not clean either."""

    def remove(candidate: Candidate) -> Interest:
        (tmp_path / "b.py").unlink(missing_ok=True)
        return python(candidate)

    gap = only_gap(look(write(tmp_path, {"a.py": "", "b.py": ""}), sniffs={"remove": remove}))
    assert (gap.path, gap.reason) == ("b.py", "unreadable")


def test_a_link_to_a_scanned_file_is_not_read_twice(tmp_path: Path) -> None:
    """The link is the same file as its target."""
    (write(tmp_path, {"a.py": "import openai"}) / "b.py").symlink_to("a.py")
    found = look(tmp_path)
    assert states(found)["b.py"] == ("skipped", "symlink")
    assert len(found.inputs["python"]) == 1


def test_a_loop_of_folders_ends(tmp_path: Path) -> None:
    """Linked folders are not walked."""
    (write(tmp_path, {"a/a.py": ""}) / "a" / "again").symlink_to(tmp_path, target_is_directory=True)
    assert states(look(tmp_path)) == {"a/a.py": ("analysed", "clear"), "a/again": ("skipped", "symlink")}


def test_a_link_that_points_at_itself_ends(tmp_path: Path) -> None:
    """A link that leads nowhere holds nothing to read."""
    (write(tmp_path, {"a.py": ""}) / "self").symlink_to("self")
    assert states(look(tmp_path))["self"] == ("skipped", "symlink")


@pytest.mark.parametrize("target", ["outside.py", "missing.py", "folder"])
def test_a_link_that_leaves_the_root_is_a_gap(tmp_path: Path, target: str) -> None:
    """What lies outside is neither read nor called clean."""
    root = write(tmp_path, {"root/a.py": "", "outside.py": "import openai", "folder/b.py": ""}) / "root"
    (root / "link").symlink_to(f"../{target}")
    gap = only_gap(look(root))
    assert (gap.path, gap.state, gap.reason) == ("link", State.SKIPPED, "symlink_outside")


def test_a_link_into_an_excluded_folder_is_a_gap(tmp_path: Path) -> None:
    """An exclude pattern is not a back door for linked code."""
    root = write(tmp_path, {"a.py": "", "node_modules/b.py": "import openai"})
    (root / "link.py").symlink_to("node_modules/b.py")
    assert only_gap(look(root)).reason == "symlink_outside"


def test_installed_packages_are_excluded_and_listed(tmp_path: Path) -> None:
    """What is kept out is said, with how often."""
    files = {"a.py": "", "node_modules/x.py": "", "web/node_modules/y.py": "", "build/c.py": "", "vendor/d.py": ""}
    found = look(write(tmp_path, files))
    assert sorted(states(found)) == ["a.py", "build/c.py", "vendor/d.py"]
    assert found.excluded == ("node_modules/ (2)",)


@pytest.mark.parametrize(
    ("pattern", "kept"),
    [
        ("docs/", ["a.py", "src/docs.py", "src/gen/b.py"]),
        ("*.py", []),
        ("/a.py", ["docs/x.py", "src/docs.py", "src/docs/y.py", "src/gen/b.py"]),
        ("src/gen/**", ["a.py", "docs/x.py", "src/docs.py", "src/docs/y.py"]),
        ("src/**/b.py", ["a.py", "docs/x.py", "src/docs.py", "src/docs/y.py"]),
        ("**/gen", ["a.py", "docs/x.py", "src/docs.py", "src/docs/y.py"]),
        ("?.py", ["src/docs.py"]),
        ("[!xy].py", ["docs/x.py", "src/docs.py", "src/docs/y.py"]),
    ],
)
def test_exclude_patterns_read_like_gitignore(tmp_path: Path, pattern: str, kept: list[str]) -> None:
    """Folders by trailing slash, anchors by inner slash, `**` over folders."""
    files = ["a.py", "docs/x.py", "src/docs.py", "src/docs/y.py", "src/gen/b.py"]
    write(tmp_path, dict.fromkeys([*files, "keep.txt"], "x"))
    found = look(tmp_path, tmp_path / "keep.txt", sniffs={"all": lambda _: Interest.CLEAR}, exclude=[pattern])
    assert [file.path for file in found.files if file.path != "keep.txt"] == kept
    assert found.excluded[0].startswith(pattern)


@pytest.mark.parametrize("pattern", ["", "  ", "/", "!keep", "[z-a]"])
def test_an_exclude_pattern_that_cannot_work_is_an_error(tmp_path: Path, pattern: str) -> None:
    """A pattern that silently matches nothing, or everything, would mislead."""
    with pytest.raises(ConfigurationError, match="pattern"):
        look(write(tmp_path, {"a.py": ""}), exclude=[pattern])


def test_a_named_file_is_never_excluded(tmp_path: Path) -> None:
    """Who names a file wants it scanned."""
    write(tmp_path, {"node_modules/a.py": "import openai", "b.py": ""})
    found = look(tmp_path, tmp_path / "node_modules" / "a.py", exclude=["*.py"])
    assert sorted(states(found)) == ["node_modules/a.py"]


def test_a_named_folder_inside_an_excluded_one_is_walked(tmp_path: Path) -> None:
    """Excludes apply below a named folder, not to it."""
    write(tmp_path, {"node_modules/lib/a.py": "", "node_modules/other/b.py": "", "c.py": ""})
    found = look(tmp_path, tmp_path / "node_modules" / "lib")
    assert sorted(states(found)) == ["c.py", "node_modules/lib/a.py"]


def test_paths_named_twice_are_scanned_once(tmp_path: Path) -> None:
    """Nested and repeated paths give each file once, relative to their common folder."""
    write(tmp_path, {"a/b/c.py": "import openai"})
    found = look(tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c.py", tmp_path / "a")
    assert [item.path for item in found.inputs["python"]] == ["b/c.py"]


def test_the_root_of_one_file_is_its_folder(tmp_path: Path) -> None:
    """A single file is reported by its name."""
    found = look(write(tmp_path, {"a.py": ""}) / "a.py")
    assert (found.root, [file.path for file in found.files]) == (tmp_path.resolve(), ["a.py"])


def test_a_missing_path_is_a_configuration_error(tmp_path: Path) -> None:
    """A typing error on the command line is not an empty scan."""
    with pytest.raises(ConfigurationError, match=r"nowhere does not exist"):
        look(tmp_path / "nowhere")


def test_no_path_is_a_configuration_error() -> None:
    """Nothing asked, nothing answered."""
    with pytest.raises(ConfigurationError):
        look()


@pytest.mark.parametrize("files", [{}, {"README.md": "# hi", "logo.png": b"\x89PNG\0"}])
def test_nothing_readable_is_not_clean(tmp_path: Path, files: dict[str, bytes | str]) -> None:
    """An empty scan is its own result, with the reason."""
    with pytest.raises(NothingToScan, match="holds no file that petguard reads"):
        look(write(tmp_path, files))


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_that_is_no_text_stays_printable(tmp_path: Path) -> None:
    """Any byte may stand in a file name; the report holds valid text."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text("import openai")
    found = look(tmp_path)
    assert found.inputs["python"][0].path == r"caf\xe9.py"
    assert [file.path.encode("utf-8") for file in found.files] == [rb"caf\xe9.py"]


def test_a_file_wanted_by_two_parsers_is_shared(tmp_path: Path) -> None:
    """Each parser gets the same input."""
    found = look(write(tmp_path, {"a.py": "import openai"}), sniffs={"one": python, "two": python})
    assert found.inputs["one"][0] is found.inputs["two"][0]


NAMES = st.lists(
    st.sampled_from(["a", "b", "docs", "node_modules", "x.py", "y.js", "z.md", "w"]), min_size=1, max_size=4
)
CONTENTS = st.sampled_from([b"", b"import openai", b"\xff", b"\0", b"https://api.openai.com", b"# coding: rot13"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(NAMES, CONTENTS), min_size=1, max_size=12), st.sampled_from([(), ("docs/",), ("*.js",)]))
def test_every_file_ends_in_exactly_one_state(files: list[tuple[list[str], bytes]], exclude: tuple[str, ...]) -> None:
    """The counts add up: files on disk, less the excluded, are the files in the report, each once."""
    with tempfile.TemporaryDirectory() as folder:
        for parts, content in files:
            path = Path(folder, *parts)
            if not path.is_dir() and not any(parent.is_file() for parent in path.parents):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        write(Path(folder), {"always.py": ""})
        found = look(Path(folder), exclude=exclude)
        on_disk = {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}
        kept = {
            path for path in on_disk if "node_modules" not in Path(path).parts[:-1] and not _excluded(path, exclude)
        }
        assert sorted(file.path for file in found.files) == sorted(kept)
        assert {gap.path for gap in found.gaps} <= kept
        assert all(gap.state is dict_of(found)[gap.path] for gap in found.gaps)


def dict_of(collection: Collection) -> dict[str, State]:
    """The state by path."""
    return {file.path: file.state for file in collection.files}


def _excluded(path: str, exclude: tuple[str, ...]) -> bool:
    if exclude == ("docs/",):
        return "docs" in Path(path).parts[:-1]
    return exclude == ("*.js",) and any(part.endswith(".js") for part in Path(path).parts)


def test_a_probe_sees_files_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a probe takes is analysed, binary or large; its bytes are read in parts, and what fails is a gap."""
    monkeypatch.setattr(collecting, "MAX_BYTES", 10)
    write(tmp_path, {"large": b"model" + bytes(100), "small": b"model\0", "text": b"model " * 10, "other": b"\0"})
    found = collect([tmp_path], {}, probes={"m": lambda blob: blob.head.startswith(b"model")})
    assert [(blob.path, blob.size) for blob in found.blobs["m"]] == [("large", 105), ("small", 6), ("text", 60)]
    assert states(found) == {
        "large": ("analysed", "read"),
        "small": ("analysed", "read"),
        "text": ("analysed", "read"),
        "other": ("skipped", "binary"),
    }
    assert found.blobs["m"][0].part(103, 10) == bytes(2)


def test_a_probe_and_a_sniff_may_take_the_same_file(tmp_path: Path) -> None:
    """Nothing hides from one behind the other."""
    found = collect([write(tmp_path, {"a.py": "openai"})], {"python": python}, probes={"m": lambda _: True})
    assert (len(found.inputs["python"]), len(found.blobs["m"])) == (1, 1)


def test_a_probe_that_cannot_read_is_a_gap(tmp_path: Path) -> None:
    """The file changed under its hands."""

    def probe(blob: Blob) -> bool:
        (tmp_path / "a").unlink()
        return blob.digest() == ""

    assert only_gap(collect([write(tmp_path, {"a": "x"})], {}, probes={"m": probe})).reason == "unreadable"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_opened_for_reading(tmp_path: Path) -> None:
    """It might never end."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        opened(str(tmp_path / "pipe"))
