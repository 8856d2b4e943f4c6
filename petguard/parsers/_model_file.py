"""What the readers of model files share. Nothing is loaded: they look at headers, lists and opcodes, within bounds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from petguard import secrets
from petguard.blobs import Blob
from petguard.model import Detail

MAX_READ = 64_000_000  # bytes of a header, or of what an archive holds


@dataclass(frozen=True)
class Description:
    """What a model file says about itself; `runs_code` when loading it may run what its author wrote.

    `doubts` say what could not be read. The file counts as a model all the same.
    """

    details: Mapping[str, Detail] = field(default_factory=dict)
    runs_code: bool = False
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A kind of model file: told by its first bytes, and where many files begin so, by a closer look."""

    name: str
    magic: str  # an expression for the first bytes
    describe: Callable[[Blob], Description]  # may raise UnreadableInput
    confirm: Callable[[Blob], bool] = lambda _: True
    unsafe: bool = False  # what cannot be read may run code

    def fits(self, blob: Blob) -> bool:
        """Whether the file is of this kind, whatever it is called."""
        return re.match(self.magic.encode("latin-1"), blob.head, re.DOTALL) is not None and self.confirm(blob)


def shown(text: str) -> str:
    """A foreign text as a detail: on one short line, without secrets."""
    return secrets.mask_in("".join(char if char.isprintable() else " " for char in text[:1_000]))


def named(found: Mapping[str, object]) -> dict[str, Detail]:
    """The texts, numbers and lists that are there, as details."""
    return {key: shown(value) if isinstance(value, str) else value for key, value in found.items() if value}  # type: ignore[misc]
