"""What a pickle imports, from its opcodes; none of them is run.

Every pickle runs code when it is loaded. One that imports nothing but what builds tensors and plain containers can do
no harm; whatever else it imports, and whatever could not be read to the end, may.
"""

import pickletools
import re
import struct
import warnings
from dataclasses import dataclass, field
from io import BufferedReader, BytesIO
from typing import IO, Any, cast

from petguard.model import Detail
from petguard.parsers._model_file import Description, shown

_MOST = 3_000_000  # opcodes
_MOST_PICKLES = 100
JOBLIB = "joblib.numpy_pickle.NumpyArrayWrapper"  # numbers follow that are no opcodes
_MOST_SHOWN = 30
_UNKNOWN = "?"  # an import whose name is computed

_TENSORS = re.compile(
    r"collections\.(?:OrderedDict|Counter|defaultdict)|_codecs\.encode"
    r"|(?:builtins|__builtin__)\.(?:set|frozenset|bytearray|complex|dict|list|tuple|int|float|str|bytes|bool|slice|range)"
    r"|torch\.(?:\w+Storage|Size|Tensor|device|(?:b?float|complex|u?int|q?u?int|float8_\w+)\d*\w*|bool|half|double|long)"
    r"|torch\.(?:storage\.(?:Typed|Untyped)Storage|nn\.parameter\.(?:Parameter|Buffer)|serialization\._get_layout)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch\._utils\._rebuild_(?:parameter(?:_with_state)?|qtensor|tensor(?:_v[23])?"
    r"|sparse_tensor|meta_tensor_no_storage|wrapper_subclass|device_tensor_from_(?:numpy|cpu_tensor))"
    r"|numpy\.(?:ndarray|dtype)|numpy\.(?:_core|core)\.(?:multiarray\.(?:_reconstruct|scalar)|numeric\._frombuffer)"
)
_DATA = re.compile(
    r"(?:datetime|decimal|uuid|pathlib|pandas|numpy|scipy\.sparse|fractions|ipaddress|collections|array|copyreg|copy_reg"
    r"|joblib\.numpy_pickle)\..*|(?:builtins|__builtin__)\.object"
)
_DANGEROUS = re.compile(
    r"(?:os|nt|posix|posixpath|subprocess|sys|socket|ssl|pty|runpy|shutil|importlib|imp|ctypes|_ctypes|webbrowser|pickle"
    r"|_pickle|dill|cloudpickle|marshal|code|codeop|commands|asyncio|threading|multiprocessing|bdb|pdb|pip|ensurepip|venv"
    r"|timeit|trace|pydoc|doctest|profile|cProfile|httplib|http|urllib\w*|requests|aiohttp|ftplib|smtplib|telnetlib"
    r"|tempfile|platform|inspect|idlelib|lib2to3|distutils|numpy\.f2py|numpy\.testing|torch\.hub)\..*"
    r"|(?:builtins|__builtin__)\.(?:eval|exec|execfile|compile|open|getattr|setattr|apply|breakpoint|__import__|input"
    r"|globals|vars)|operator\.(?:attrgetter|itemgetter|methodcaller)|types\.(?:FunctionType|CodeType)"
    r"|functools\.(?:partial|reduce)|torch\.(?:load|serialization\.load|_inductor\..*|jit\.unsupported_tensor_ops\..*"
    r"|utils\.(?:bottleneck|collect_env|_config_module)\..*)"
)
_LEARNING = re.compile(
    r"(?:torch\w*|sklearn|xgboost|lightgbm|catboost|keras|tensorflow|transformers|spacy|gensim|statsmodels|jax|flax|fastai"
    r"|ultralytics|diffusers|sentence_transformers|pytorch_lightning|lightning|skorch|surprise|lightfm|hmmlearn|imblearn"
    r"|pyro|stable_baselines3|sktime|prophet|pmdarima|timm|peft|allennlp|flair|nltk|sentencepiece|tokenizers|mlflow"
    r"|autogluon)\..*"
)
_MODEL_NAME = re.compile(
    r"(?i)(?:.*[^a-z])?(?:models?|classifier|estimator|predictor|regressor|weights|checkpoint|tokenizer|vectorizer"
    r"|embeddings?)(?:[^a-z].*)?|.*\.(?:pt|pth|ckpt|joblib|sav)"
)
_PICKLE_NAME = re.compile(r"(?i).*\.(?:pkl|pickle|pt|pth|ckpt|joblib|sav|dill)|pytorch_model.*\.bin")


@dataclass(frozen=True)
class Scan:
    """What a row of pickles imports; `complete` when all of them were read to their end."""

    imports: frozenset[str]
    complete: bool

    @property
    def harmless(self) -> bool:
        """Whether it was read to the end and builds nothing but tensors and containers."""
        return self.complete and not self.strange

    @property
    def strange(self) -> frozenset[str]:
        """Imports that build something else than tensors and containers."""
        return frozenset(each for each in self.imports if not _TENSORS.fullmatch(each))

    @property
    def dangerous(self) -> tuple[str, ...]:
        """Imports with which a file can do whatever it likes."""
        return tuple(sorted(each for each in self.imports if each == _UNKNOWN or _DANGEROUS.fullmatch(each)))

    def is_model(self, name: str) -> bool:
        """Whether it holds a model, or something that nobody should load; a pickle of plain data does not.

        What breaks off counts where it is called like a pickle or a model: nobody knows what it holds.
        """
        if not self.complete and JOBLIB not in self.imports and _PICKLE_NAME.fullmatch(name):
            return True
        strange = [each for each in self.strange if not _DATA.fullmatch(each)]
        learned = any(_LEARNING.fullmatch(each) for each in self.imports)
        return bool(learned or self.dangerous or (strange and _MODEL_NAME.fullmatch(name)))

    def description(self, **more: Detail) -> Description:
        """The imports and what they mean."""
        details: dict[str, Detail] = {**more}
        if self.imports:
            details["imports"] = tuple(shown(each) for each in sorted(self.imports)[:_MOST_SHOWN])
        if self.dangerous:
            details["dangerous_imports"] = tuple(shown(each) for each in self.dangerous[:_MOST_SHOWN])
        if self.harmless:
            details["loads"] = "only tensors and containers"
        doubts = () if self.complete else ("the pickle could not be read to its end",)
        return Description(details, runs_code=not self.harmless, doubts=doubts)


class _Hollow:
    """Stands for bytes that nobody needs to see; pickletools asks only for their number."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length


class _Source:
    """A file for pickletools that does not load long runs of bytes, such as the numbers of a tensor."""

    def __init__(self, file: BufferedReader | BytesIO, size: int) -> None:
        self._file, self._size = file, size

    def read(self, length: int) -> Any:
        """That many bytes, or fewer at the end."""
        if length < 1_000_000:
            return self._file.read(length)
        rest = self._size - self._file.tell()
        self._file.seek(min(length, rest), 1)
        return _Hollow(length) if length <= rest else b""

    def readline(self) -> bytes:
        """A line, of bounded length."""
        return self._file.readline(10_000)

    def tell(self) -> int:
        """Where the next read begins."""
        return self._file.tell()


_STRINGS = frozenset(
    {"STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"}
)
_BROKEN = (ValueError, TypeError, IndexError, KeyError, OverflowError, EOFError, struct.error)


def scan(file: BufferedReader | BytesIO, size: int, *, least: int = 1) -> Scan:
    """The imports of the pickles that stand one after the other from where the file is, and whether all were read.

    After the first `least` of them, whatever does not begin like a pickle is something else.
    """
    imports: set[str] = set()
    for count in range(1, _MOST_PICKLES):
        with warnings.catch_warnings():  # of pickletools, about odd escapes
            warnings.simplefilter("ignore")
            whole = _one(_Source(file, size), imports)
        if not whole:
            return Scan(frozenset(imports), complete=False)
        following = file.read(2)
        file.seek(-len(following), 1)
        if count >= least and not re.match(rb"\x80[\x02-\x05]", following):
            return Scan(frozenset(imports), complete=True)
    return Scan(frozenset(imports), complete=False)


def _one(source: _Source, imports: set[str]) -> bool:
    """Add the imports of one pickle; False when it breaks off, is broken, or is too long."""
    texts = _Texts()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(cast("IO[bytes]", source))):
            if count > _MOST:
                return False
            name = opcode.name
            if name in ("GLOBAL", "INST"):
                imports.add(".".join(str(argument).split(" ", 1)))
            elif name == "STACK_GLOBAL":
                imports.add(texts.imported())
            elif name in ("EXT1", "EXT2", "EXT4"):
                imports.add(_UNKNOWN)
            texts.follow(name, argument)
    except _BROKEN:
        return False
    return True


@dataclass
class _Texts:
    """The two texts that were put on the stack last: STACK_GLOBAL takes what it imports from there.

    Whatever is not understood leaves no text behind, and so an import without a name.
    """

    last: tuple[str | None, str | None] = (None, None)
    memo: dict[int, str | None] = field(default_factory=dict)

    def imported(self) -> str:
        """What STACK_GLOBAL imports now."""
        module, name = self.last
        return f"{module}.{name}" if module and name else _UNKNOWN

    def follow(self, name: str, argument: Any) -> None:
        """What one opcode does to the texts."""
        if name == "MEMOIZE":
            self.memo[len(self.memo)] = self.last[1]
        elif name.endswith("PUT"):
            self.memo[int(argument)] = self.last[1]
        elif name.endswith("GET"):
            self.last = (self.last[1], self.memo.get(int(argument)))
        elif name in _STRINGS:
            self.last = (self.last[1], argument if isinstance(argument, str) else None)
        elif name not in ("FRAME", "PROTO"):
            self.last = (None, None)
