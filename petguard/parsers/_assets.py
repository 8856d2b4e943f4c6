"""The nodes of the inventory: every parser makes them here, so that one asset is one row wherever it was seen.

A node's id says when two sightings are one thing: a package of one ecosystem, a model by its name, a service by who
answers, an image by its repository. Whatever belongs to one file (a server, an agent, a prompt) carries its path.
"""

from collections.abc import Mapping, Sequence

from petguard import catalog
from petguard.model import Asset, Detail, Location, Node, NodeKind, Origin, SinkKind, Trait

_MANAGED_KINDS = {
    Asset.AI_SERVICE: NodeKind.AI_SERVICE,
    Asset.AGENT: NodeKind.AGENT,
    Asset.MCP_SERVER: NodeKind.TOOL,
}
_ROLES = {"pet": Asset.PET, "vector_store": Asset.VECTOR_STORE}


def package(
    ecosystem: catalog.Ecosystem, name: str, version: str | None, location: Location, *, direct: bool | None = True
) -> Node | None:
    """A declared dependency on an AI or PET package; None for every other package.

    `direct` is false for what a lock file lists only because another package asks for it, None where nothing says
    who asks for it.
    """
    known = catalog.package(ecosystem, name)
    if known is None:
        return None
    node = imported(known, location, origin=Origin.DECLARED)
    traits = (Trait.TRANSITIVE,) if direct is False else ()
    details = {"dependency": "direct or transitive, no file says which"} if direct is None else {}
    return node.model_copy(update={"version": version, "traits": traits, "details": details})


def imported(known: catalog.Package, location: Location, *, origin: Origin = Origin.DETECTED) -> Node:
    """A package of the catalogue that code imports."""
    return Node(
        id=f"ai_sdk:{known.ecosystem}/{known.name}",
        kind=NodeKind.ARTIFACT,
        asset=_ROLES.get(known.role, Asset.AI_SDK),
        name=known.name,
        provider=known.provider,
        origin=origin,
        locations=(location,),
    )


def model(
    name: str,
    location: Location,
    *,
    provider: str | None = None,
    traits: Sequence[Trait] = (),
    origin: Origin = Origin.DETECTED,
) -> Node:
    """A named model, as it is written, but without the prefix of a router (`_services.routed` takes it off)."""
    return Node(
        id=model_id(name),
        kind=NodeKind.MODEL,
        asset=Asset.MODEL,
        name=name,
        model=name,
        provider=provider,
        origin=origin,
        traits=tuple(traits),
        locations=(location,),
    )


def model_id(name: str) -> str:
    """The id of a model's node: an aggregator's `anthropic/claude-3.5-sonnet` is Anthropic's `claude-3.5-sonnet`."""
    maker, _, rest = name.rpartition("/")
    known = catalog.provider_by_prefix(maker) if maker else None
    owns = known is not None and catalog.provider_by_model(rest) == known
    return f"model:{rest if owns else name}"


def is_commit(revision: str | None) -> bool:
    """Whether a revision is the full name of a commit, which nobody can move."""
    return revision is not None and len(revision) == 40 and all(char in "0123456789abcdef" for char in revision)


def dataset(name: str, location: Location, *, provider: str | None = None, origin: Origin = Origin.DECLARED) -> Node:
    """A named data set, such as one of a hub, that a model is trained or measured on."""
    return Node(
        id=f"dataset:{name}",
        kind=NodeKind.DATA,
        asset=Asset.DATASET,
        name=name,
        provider=provider,
        origin=origin,
        locations=(location,),
    )


def managed(
    key: str,
    known: catalog.Resource,
    name: str,
    location: Location,
    *,
    region: str | None = None,
    details: Mapping[str, Detail] | None = None,
) -> Node:
    """A cloud resource or cluster object that infrastructure code declares; `key` is unique for it in the tree.

    An agent that a cloud runs is a service: whoever runs it gets the data.
    """
    asset = Asset.AI_SERVICE if known.asset is Asset.AGENT and known.dialect != "kubernetes" else known.asset
    service = asset is Asset.AI_SERVICE
    provider = catalog.provider(known.provider) if known.provider else None
    outside = service and not (provider and provider.kind == "local")
    return Node(
        id=f"{asset}:{key}",
        kind=_MANAGED_KINDS.get(asset, NodeKind.SYSTEM),
        asset=asset,
        sink=SinkKind.AI_SERVICE if service else None,
        name=name,
        provider=known.provider,
        region=region,
        origin=Origin.DECLARED,
        traits=(Trait.EXTERNAL,) if outside else (),
        locations=(location,),
        details=details or {},
    )


def workload(
    key: str,
    name: str,
    location: Location,
    *,
    provider: str | None = None,
    traits: Sequence[Trait] = (),
    details: Mapping[str, Detail] | None = None,
) -> Node:
    """Something that runs AI: a container image (`image/<repository>`), a deployment, a CI job, a target."""
    return Node(
        id=f"{Asset.AI_WORKLOAD}:{key}",
        kind=NodeKind.SYSTEM,
        asset=Asset.AI_WORKLOAD,
        name=name,
        provider=provider,
        origin=Origin.DECLARED,
        traits=tuple(traits),
        locations=(location,),
        details=details or {},
    )


def image(reference: str, location: Location) -> Node | None:
    """A container image that runs AI or keeps vectors; None for every other image.

    Without a digest the same reference may mean other bytes tomorrow.
    """
    known = catalog.image(reference)
    if known is None:
        return None
    named, _, digest = reference.partition("@")
    repository, colon, tag = named.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = named, ""
    repository = repository.removeprefix("docker.io/")
    node = workload(
        f"image/{repository.lower()}",
        repository,
        location,
        provider=known.provider,
        traits=() if digest else (Trait.MUTABLE_REFERENCE,),
    )
    key = f"{known.asset}:image/{repository.lower()}"
    return node.model_copy(update={"id": key, "asset": known.asset, "version": digest or tag or None})


def chart(name: str, version: str | None, location: Location) -> Node | None:
    """A Helm chart of AI software, which is called like the image that it installs; None for every other chart."""
    known = next((each for each in catalog.shipped().images if each.repository.rpartition("/")[2] == name), None)
    if known is None:
        return None
    node = workload(f"chart/{name}", name, location, provider=known.provider)
    return node.model_copy(
        update={"id": f"{known.asset}:chart/{name}", "asset": known.asset, "version": version, "kind": NodeKind.SYSTEM}
    )


def declared(asset: Asset, key: str, name: str, location: Location, *, traits: Sequence[Trait] = ()) -> Node:
    """An agent, a prompt or the configuration of an assistant; `key` is unique for it in the tree."""
    kind = NodeKind.AGENT if asset in (Asset.AGENT, Asset.ASSISTANT_CONFIG) else NodeKind.ARTIFACT
    return Node(
        id=f"{asset}:{key}",
        kind=kind,
        asset=asset,
        name=name,
        origin=Origin.DECLARED,
        traits=tuple(traits),
        locations=(location,),
    )


def tool_server(name: str, location: Location, *, version: str | None = None, traits: Sequence[Trait] = ()) -> Node:
    """An MCP server that a command starts: `name` is the package that is fetched, unpinned without a `version`."""
    return Node(
        id=f"{Asset.MCP_SERVER}:{location.path}#{name}",
        kind=NodeKind.TOOL,
        asset=Asset.MCP_SERVER,
        name=name,
        version=version,
        endpoint=name,
        origin=Origin.DETECTED,
        traits=tuple(traits),
        locations=(location,),
    )


def assistant(path: str, known: catalog.Convention) -> Node:
    """A file that an assistant reads by itself: one row, whatever stands in it."""
    node = declared(Asset.ASSISTANT_CONFIG, path, path, Location(path=path))
    return node.model_copy(update={"details": {"tool": known.tool, "holds": known.holds}})


def model_file(path: str, details: Mapping[str, Detail], traits: Sequence[Trait] = ()) -> Node:
    """A file that holds a model; its content has no lines, so its place is the file."""
    return Node(
        id=f"{Asset.MODEL_FILE}:{path}",
        kind=NodeKind.ARTIFACT,
        asset=Asset.MODEL_FILE,
        name=path,
        origin=Origin.DETECTED,
        traits=tuple(traits),
        locations=(Location(path=path),),
        details=details,
    )


def extension(asset: Asset, name: str, location: Location) -> Node:
    """An extension that makes a database hold vectors or run models."""
    return Node(
        id=f"{asset}:extension/{name}",
        kind=NodeKind.SYSTEM,
        asset=asset,
        name=name,
        origin=Origin.DECLARED,
        locations=(location,),
    )
