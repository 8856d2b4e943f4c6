"""Encoders for text that comes from a scanned tree: paths, names and messages an attacker may have written.

There is one encoder per place that text ends up in, because each place has its own active constructs: a terminal
obeys escape sequences, a CI log obeys workflow commands, a SARIF viewer and a Markdown page make links. None of
them raises, whatever the text.
"""

import json
import math
import re
from collections.abc import Mapping
from urllib.parse import quote

from pydantic_core import to_jsonable_python

# GitHub reads `##[error]` anywhere in a line, Azure Pipelines `##vso[...]`, TeamCity `##teamcity[...]`.
_MARKED_COMMAND = re.compile(r"#(#\w*\[)")
# GitHub trims a line before it looks for `::error::`.
_COLON_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")


def terminal(text: str) -> str:
    r"""Text on one line that no terminal and no CI log obeys: what cannot be seen is shown as `\x1b` or `\u202e`.

    Backslashes stay as they are: the result is for reading, not for decoding.
    """
    return log("".join(char if char.isprintable() else _visible(char) for char in text))


def log(listing: str) -> str:
    """A finished listing whose lines no CI log takes for commands; line breaks and colours stay.

    Needed in addition to `terminal`, because two harmless pieces side by side can make a command.
    """
    return _MARKED_COMMAND.sub(r"\\x23\1", _COLON_COMMAND.sub(r"\1\\x3a", listing))


def plain(text: str) -> str:
    """Text for a SARIF message: as for a terminal, and `[text](target)` is no link."""
    return terminal(text).replace("](", "] (")


def markdown(text: str) -> str:
    """A Markdown code span that also holds inside a table; nothing in it is a link, a mention, a tag or a cell end."""
    shown = terminal(text).replace("|", "\\x7c")
    if not shown:
        return ""
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def sarif_uri(path: str) -> str:
    """The relative URI reference of a path: percent-encoded, never absolute, never above the scan root.

    Segments that would climb or stay (`..`, `.`, none at all) are left out; a path of nothing else is `.`.
    """
    segments = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return quote(b"/".join(_bytes(part) for part in segments), safe="/") or "."


def uri(scheme: str, host: str) -> str:
    """The address of a host that a scanned file names, percent-encoded: it can never become another scheme."""
    return f"{scheme}://{quote(host.encode('utf-8', 'surrogatepass'), safe=':[]')}"


def json_text(document: object) -> str:
    """JSON in ASCII with a final line break: two equal documents give equal bytes, and NaN and infinities are null.

    Undecodable bytes of a path stay what they are, as escaped surrogates; control characters are escaped, and so is
    one `#` of what a CI log would obey, which no JSON reader notices.
    """
    text = json.dumps(_finite(document), indent=2, ensure_ascii=True, allow_nan=False, default=to_jsonable_python)
    return _MARKED_COMMAND.sub(r"\\u0023\1", text) + "\n"


def _finite(value: object) -> object:
    """The value with null for every number that JSON cannot say; pydantic's own dump fails on undecodable keys."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value


def _visible(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8 (PEP 383)
        code -= 0xDC00
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _bytes(text: str) -> bytes:
    """The bytes of a file name; a surrogate that stands for no byte is encoded as itself."""
    return b"".join(
        char.encode("utf-8", "surrogateescape" if 0xDC80 <= ord(char) <= 0xDCFF else "surrogatepass") for char in text
    )
