"""What the readers of model files share. Nothing is loaded: they look at headers, lists and opcodes, within bounds."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from petguard import secrets
from petguard.blobs import Blob
from petguard.model import Detail

_LONGEST = 200  # characters of a name
MAX_READ = 64_000_000  # bytes of a header, or of what an archive holds


@dataclass(frozen=True)
class Description:
    """What a model file says about itself; `runs_code` when loading it may run what its author wrote.

    `doubts` say what could not be read. The file counts as a model all the same.
    """

    details: Mapping[str, Detail] = field(default_factory=dict)
    runs_code: bool = False
    doubts: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()  # it says that it was trained on these
    bases: tuple[str, ...] = ()  # and made from these models


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


_TRAINED_ON = frozenset({"dataset", "datasets", "training_data", "training_dataset", "train_dataset", "dataset_name"})
_MADE_FROM = frozenset({"base_model", "base_model_name_or_path", "base_model_name"})
_HUB = re.compile(r"https?://(?:www\.)?huggingface\.co/(?:datasets/)?(?P<name>[\w.-]+/[\w.-]+)/?")
_MOST = 100  # names that one file gives


def origins(texts: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The data sets and the base models that free metadata of a model names."""
    return _listed(texts, _TRAINED_ON), _listed(texts, _MADE_FROM)


def _listed(texts: Mapping[str, str], keys: frozenset[str]) -> tuple[str, ...]:
    """The names under these keys: one, several with commas, or a list of JSON."""
    found = [text for key, text in sorted(texts.items()) if key.rpartition(".")[2].lower() in keys]
    return names(part.strip(" \t\"'") for text in found for part in text.strip("[] \n").split(","))


def names(found: Iterable[str]) -> tuple[str, ...]:
    """What can be the name of a data set or model, each once; an address on the hub is the name there."""
    plain = (hub["name"] if (hub := _HUB.fullmatch(text)) else shown(text) for text in found)
    return tuple(dict.fromkeys(islice((text for text in plain if 0 < len(text) <= _LONGEST), _MOST)))


def shown(text: str) -> str:
    """A foreign text as a detail: on one short line, without secrets."""
    return secrets.mask_in("".join(char if char.isprintable() else " " for char in text[:1_000]))


def named(found: Mapping[str, object]) -> dict[str, Detail]:
    """The texts, numbers and lists that are there, as details."""
    return {key: shown(value) if isinstance(value, str) else value for key, value in found.items() if value}  # type: ignore[misc]
