"""DVC: which data each stage of a pipeline gets, which models are trained on it, and which remote stores it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import join, normpath
from typing import Any

from petguard import secrets, taxonomy
from petguard.collect import Candidate, Input, Interest
from petguard.documents import Step, read_yaml
from petguard.model import Asset, Edge, EdgeKind, Facts, Gap, Location, Node, NodeKind, Origin, SinkKind
from petguard.parsers import Parser, one_by_one
from petguard.parsers._declared import flow, named_place, storage
from petguard.parsers._names import categories_of_path
from petguard.parsers._source import Source, excerpt

Pointer = tuple[Step, ...]

_KEYS = re.compile(rb"(?m)^(?:stages|artifacts)[ \t]*:")
_CODE = re.compile(r"\.(?:py|ipynb|r|rmd|jl|sh|sql|js|ts|scala|java|go|c|cpp|rs|toml|lock)", re.I)
_MODEL = re.compile(r"\.(?:pt|pth|h5|keras|onnx|safetensors|ckpt|gguf|cbm|tflite|pb|mlmodel|model|skops)", re.I)
_MAYBE_MODEL = re.compile(r"\.(?:pkl|pickle|joblib|bin|zip)|", re.I)
_MODEL_WORDS = frozenset({"model", "models", "classifier", "regressor", "estimator", "checkpoint", "weights", "clf"})
_DATA_WORDS = frozenset({"data", "dataset", "datasets", "features", "metrics", "predictions", "eval", "params"})
_HOLE = re.compile(r"\$\{\s*(?P<name>item|key)(?P<rest>(?:\.[\w-]+)*)\s*\}")
_REMOTE = re.compile(r"\[\s*'?remote\s+\"(?P<name>[^\"\n]{1,200})\"\s*'?\s*\]")
_PAIR = re.compile(r"\s*(?P<key>\w+)\s*=\s*(?P<value>.*?)\s*")
_PARTS = ("deps", "outs", "wdir")
_MOST_STAGES = 1_000  # that one `foreach` makes


def _interest(candidate: Candidate) -> Interest:
    if candidate.name == "dvc.yaml":
        wanted = bool(_KEYS.search(candidate.data))
    elif candidate.name in ("config", "config.local"):
        wanted = f"/{candidate.path}".rpartition("/")[0].endswith("/.dvc")
    else:
        wanted = candidate.suffix == ".dvc" and b"outs:" in candidate.data
    return Interest.READ if wanted else Interest.NONE


@dataclass
class _World:
    """All that DVC keeps in a tree: data with the name of its remote (None for the default), and the remotes."""

    facts: list[Facts] = field(default_factory=list)
    kept: list[tuple[Source, Node, str | None, Location]] = field(default_factory=list)
    remotes: dict[str, dict[str, Node]] = field(default_factory=dict)  # by the folder that `.dvc` stands in
    default: dict[str, str] = field(default_factory=dict)

    def stored(self) -> Iterator[Facts]:
        """What `dvc push` sends: every cached output, to its remote."""
        yield Facts(nodes=tuple(node for each in self.remotes.values() for node in each.values()))
        for source, node, name, where in self.kept:
            remote = self._remote(source.path, name)
            if remote is not None:
                yield Facts(edges=(flow(node.id, remote.id, where),))

    def _remote(self, path: str, name: str | None) -> Node | None:
        homes = [home for home in self.remotes if not home or path.startswith(f"{home}/")]
        if not homes:
            return None
        home = max(homes, key=len)
        known = self.remotes[home]
        only = next(iter(known)) if len(known) == 1 else ""
        return known.get(name or self.default.get(home, only))


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    world, gaps = _World(), list[Gap]()

    def read(item: Input) -> Facts:
        if item.path.endswith((".dvc", "dvc.yaml")):
            source = Source(item.path, item.text, read_yaml(item.text), gaps)
            top = source.mapping(source.document.value)
            return _tracked(source, world, top) if item.path.endswith(".dvc") else _pipeline(source, world, top)
        return _config(item, world)

    yield from one_by_one(inputs, read)
    yield from world.stored()
    yield from dict.fromkeys(gaps)


# --- pipelines ----------------------------------------------------------------------------------------------------


def _pipeline(source: Source, world: _World, top: dict[str, Any]) -> Facts:
    models: set[str] = set()
    nodes: list[Node] = []
    for name, each in source.mapping(top.get("artifacts"), "artifacts").items():
        place = ("artifacts", name)
        entry = source.mapping(each, *place)
        path = source.string(entry.get("path"), *place, "path")
        kind = entry.get("type")
        if path is not None and kind in ("model", "dataset"):
            path = _resolved(source, path)
            nodes.append(_artifact(path, source.at(*place), is_model=kind == "model"))
            models |= {path} if kind == "model" else set()
    facts = [
        _stage(source, world, label, body, place, models)
        for name, each in source.mapping(top.get("stages"), "stages").items()
        for label, body, place in _expanded(source, name, each)
    ]
    return Facts(
        nodes=(*nodes, *(node for each in facts for node in each.nodes)),
        edges=tuple(edge for each in facts for edge in each.edges),
    )


def _artifact(path: str, where: Location, *, is_model: bool) -> Node:
    return _model(path, where) if is_model else _data(path, where).model_copy(update={"asset": Asset.DATASET})


def _expanded(source: Source, name: str, value: Any) -> Iterator[tuple[str, dict[str, Any], Pointer]]:
    """A stage, or those that `foreach` and its items make of one; a list out of a variable stays a template."""
    place: Pointer = ("stages", name)
    entry = source.mapping(value, *place)
    if "foreach" not in entry:
        yield name, entry, place
        return
    body = source.mapping(entry.get("do"), *place, "do")
    each = entry["foreach"]
    items = list(each.items()) if isinstance(each, dict) else list(enumerate(each)) if isinstance(each, list) else []
    if len(items) > _MOST_STAGES:
        source.doubt(f"{len(items):,} stages from one foreach", *place, "foreach", reason="too_many")
    if not 0 < len(items) <= _MOST_STAGES:
        yield name, body, (*place, "do")
        return
    for key, item in items:
        label = str(key) if isinstance(each, dict) or not isinstance(item, str | int) else str(item)
        yield f"{name}@{label}", {part: _filled(body.get(part), key, item) for part in _PARTS}, (*place, "do")


def _filled(value: Any, key: Any, item: Any) -> Any:
    """The paths of a stage with `${item}` and `${key}` written out."""
    if isinstance(value, list):
        return [_filled(inner, key, item) for inner in value]
    if isinstance(value, dict):
        return {_filled(path, key, item): flags for path, flags in value.items()}
    return _HOLE.sub(lambda hole: _meant(hole, key, item), value) if isinstance(value, str) else value


def _meant(hole: re.Match[str], key: Any, item: Any) -> str:
    found = key if hole["name"] == "key" else item
    for part in hole["rest"].split(".")[1:]:
        found = found.get(part) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int | float) else hole[0]


def _stage(source: Source, world: _World, name: str, entry: dict[str, Any], place: Pointer, models: set[str]) -> Facts:
    """Data goes to the stage and on to what it writes; a model that it writes is trained on what goes in."""
    folder = source.string(entry.get("wdir"), *place, "wdir") or ""
    wanted = [(_resolved(source, path, folder), at) for path, at, _ in _paths(source, entry, place, "deps")]
    trains = not {"train", "fit", "finetune", "training"}.isdisjoint(taxonomy.tokens(name))
    inputs = [
        _data(path, source.at(*at)) for path, at in wanted if not _is_code(path) and not _is_model(path, models, trains)
    ]
    if any("${" in path for path, _ in wanted):
        source.doubt("a path holds a variable, so which data it is was not found out", *place, reason="unresolved")
    written = [(_resolved(source, path, folder), at, flags) for path, at, flags in _paths(source, entry, place, "outs")]
    made = [_model(path, source.at(*at)) for path, at, _ in written if _is_model(path, models, trains)]
    outputs = []
    for path, at, flags in written:
        if not _is_model(path, models, trains):
            node = _data(path, source.at(*at))
            outputs.append(node)
            _keep(source, world, node, flags, source.at(*at))
    stage = _node(source, name, place, trains=bool(made))
    edges = [flow(node.id, stage.id, node.locations[0]) for node in inputs]
    edges += [flow(stage.id, node.id, node.locations[0]) for node in outputs]
    edges += [_relation(EdgeKind.TRAINED_ON, model, node) for model in made for node in inputs]
    edges += [_relation(EdgeKind.DERIVED_FROM, out, node) for out in outputs for node in inputs]
    return Facts(nodes=(stage, *inputs, *outputs, *made), edges=tuple(edges))


def _paths(source: Source, entry: dict[str, Any], place: Pointer, key: str) -> Iterator[tuple[str, Pointer, Any]]:
    """Each path of a list: a text, or a mapping of it to its flags."""
    for index, each in enumerate(source.items(entry.get(key), *place, key)):
        at = (*place, key, index)
        if isinstance(each, dict):
            yield from ((path, (*at, path), flags) for path, flags in each.items())
        elif (path := source.string(each, *at)) is not None:
            yield path, at, None


def _resolved(source: Source, path: str, folder: str = "") -> str:
    """A path from the scan root, where it is no address; one that holds a variable is taken as it stands."""
    if "://" in path:
        return secrets.mask_in(path)
    home = source.path.rpartition("/")[0]
    return normpath(join(home, folder, path)).removeprefix("./")


def _is_code(path: str) -> bool:
    return _CODE.fullmatch(_suffix(path)) is not None


def _is_model(path: str, models: set[str], trains: bool) -> bool:
    if path in models or _MODEL.fullmatch(_suffix(path)):
        return True
    words = set(taxonomy.tokens(path.rpartition("/")[2].removesuffix(_suffix(path))))
    if not _MAYBE_MODEL.fullmatch(_suffix(path)) or words & _DATA_WORDS:
        return False
    return bool(words & _MODEL_WORDS) or (trains and bool(_suffix(path)))


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name[name.rindex(".") :] if "." in name.lstrip(".") else ""


def _data(path: str, where: Location) -> Node:
    return named_place(path, where, categories=categories_of_path(path))


def _model(path: str, where: Location) -> Node:
    return Node(
        id=f"{Asset.MODEL_FILE}:{path}",
        kind=NodeKind.ARTIFACT,
        asset=Asset.MODEL_FILE,
        name=path,
        origin=Origin.DECLARED,
        locations=(where,),
    )


def _node(source: Source, name: str, place: Pointer, *, trains: bool) -> Node:
    return Node(
        id=f"code:dvc/{source.path}#{name}",
        kind=NodeKind.CODE,
        name=f"stage {name}",
        sink=SinkKind.TRAINING if trains else None,
        origin=Origin.DECLARED,
        locations=(source.at(*place),),
    )


def _relation(kind: EdgeKind, result: Node, origin: Node) -> Edge:
    return Edge(kind=kind, source=result.id, target=origin.id, origin=Origin.DECLARED, location=result.locations[0])


# --- tracked files and remotes --------------------------------------------------------------------------------------


def _tracked(source: Source, world: _World, top: dict[str, Any]) -> Facts:
    """A `.dvc` file: data that stands in the cache instead of the repository."""
    folder = source.string(top.get("wdir"), "wdir") or ""
    nodes = []
    for index, each in enumerate(source.items(top.get("outs"), "outs")):
        place = ("outs", index)
        entry = source.mapping(each, *place)
        path = source.string(entry.get("path"), *place, "path")
        if path is None:
            continue
        path = _resolved(source, path, folder)
        if _is_model(path, set(), trains=False):
            nodes.append(_model(path, source.at(*place)))
        else:
            nodes.append(_data(path, source.at(*place)))
            _keep(source, world, nodes[-1], entry, source.at(*place))
    return Facts(nodes=tuple(nodes))


def _keep(source: Source, world: _World, node: Node, flags: Any, where: Location) -> None:
    flags = flags if isinstance(flags, dict) else {}
    if flags.get("cache") is not False and flags.get("push") is not False:
        remote = flags.get("remote")
        world.kept.append((source, node, remote if isinstance(remote, str) else None, where))


def _config(item: Input, world: _World) -> Facts:
    """The remotes of `.dvc/config`, by their names; a later file of the same folder adds to it."""
    home = f"/{item.path}".rpartition("/.dvc/")[0].removeprefix("/")
    remotes = world.remotes.setdefault(home, {})
    section: str | None = None
    for number, line in enumerate(item.text.split("\n"), 1):
        header, pair = _REMOTE.match(line.strip()), _PAIR.fullmatch(line)
        if header or line.strip().startswith("["):
            section = header["name"] if header else line.strip()
        elif pair and section == "[core]" and pair["key"] == "remote":
            world.default[home] = pair["value"]
        elif pair and pair["key"] == "url" and section and not section.startswith("["):
            where = Location(path=item.path, line=number, evidence=excerpt(line, 1))
            remotes[section] = _storage(pair["value"], where)
    return Facts()


def _storage(url: str, where: Location) -> Node:
    """Whoever keeps a remote."""
    shown = secrets.mask_in(url)
    scheme, separator, _ = url.partition("://")
    return storage(shown, where, sink=SinkKind.FILE, kind=scheme if separator else "", address=shown)


PARSER = Parser.of_configs("dvc", _interest, _parse)
