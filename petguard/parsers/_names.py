"""Small readings that several parsers share: versions, hosts and the personal data that a path names."""

import ipaddress
import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from petguard import taxonomy

HOLE = "\N{REPLACEMENT CHARACTER}"  # stands for the unknown parts of a partly known string
_HUB = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/"
    r"(?P<name>[\w.-]{1,96}(?:/(?!tree\b|blob\b|resolve\b)[\w.-]{1,96})?)"
)
_LOCAL_ENDINGS = (".local", ".localhost", ".internal", ".lan", ".home", ".svc", ".cluster.local", ".test")


def requirement(text: str) -> Requirement | None:
    """The PEP 508 requirement that `text` is, or None."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def exact(specifiers: SpecifierSet) -> str | None:
    """The one version that the specifiers allow, where they name it."""
    pins = [each.version for each in specifiers if each.operator in ("==", "===") and not each.version.endswith("*")]
    return pins[0] if len(pins) == 1 else None


def host(url: str) -> str | None:
    """The host of an address with or without a scheme; None where there is none to be read."""
    try:
        return urlsplit(url if "://" in url else f"//{url}").hostname or None
    except ValueError:
        return None


def hub_dataset(url: str) -> str | None:
    """The name of the data set on the hub that an address leads to."""
    found = _HUB.match(url)
    return found["name"] if found else None


def is_local(name: str) -> bool:
    """Whether a host is this machine or a private network; a name without a dot is one of the same network."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_ENDINGS)
    return address.is_private or address.is_loopback or address.is_link_local


def categories_of_path(path: str) -> tuple[str, ...]:
    """The categories of personal data that the parts of a path name, each read in the context of those before it."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..", "~")]
    parts = [*parts[:-1], PurePosixPath(parts[-1]).stem] if parts else []
    found = (taxonomy.classify(*parts[: end + 1]) for end in range(len(parts)))
    return tuple(sorted({category for each in found for category in each}))
