"""Inventory nodes for the AI keys that configurations name or, worse, hold."""

from petguard import catalog, secrets
from petguard.model import Asset, Location, Node, NodeKind, Origin, Trait


def credential(key: str, name: str, location: Location, *, provider: str | None, literal: bool) -> Node:
    """A key by its name; `literal` when its value stands in the file."""
    return Node(
        id=f"credential:{key}",
        kind=NodeKind.ARTIFACT,
        asset=Asset.CREDENTIAL,
        name=name,
        provider=provider,
        origin=Origin.DECLARED,
        traits=(Trait.SECRET,) if literal else (),
        locations=(location,),
    )


def names_key(variable: str) -> bool:
    """Whether a variable of an AI provider holds a key, not an address or a region: `AZURE_OPENAI_KEY`."""
    return secrets.names_secret(variable) or variable.endswith("_KEY")


def from_variable(name: str, location: Location, *, literal: bool) -> Node | None:
    """The node for a variable that holds a key of an AI provider; None for every other variable."""
    provider = catalog.provider_by_env(name)
    if provider is None or not names_key(name):
        return None
    return credential(name, name, location, provider=provider.id, literal=literal)
