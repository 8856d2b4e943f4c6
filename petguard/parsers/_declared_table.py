"""A data set that a file describes: what is said of it, its columns about people, and how each is said to be masked."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from petguard.model import Asset, Edge, Facts, Location, Node, Trait
from petguard.parsers import _said
from petguard.parsers._declared import ANY_PERSONAL, flow, masked
from petguard.parsers._said import Said


@dataclass
class Table:
    """One data set, with the columns that say something about persons and what each of them is replaced by."""

    node: Node
    columns: list[tuple[Node, Node | None]] = field(default_factory=list)

    @property
    def is_personal(self) -> bool:
        """Whether the data set, or one of its columns, holds personal data."""
        return bool(self.node.categories) or any(column.categories for column, _ in self.columns)

    def hold(self, column: Node, how: str | None = None) -> None:
        """Take a column that says anything about persons; `how` is what one that is said to be masked goes through."""
        if not _said.matters(column):
            return
        by = None
        if Trait.SAID_MASKED in column.traits:
            by, _ = masked(column, how or "masked", _said.technique(how or ""), column.locations[0])
        self.columns.append((column, by))

    def says(self, said: Said, here: Location) -> None:
        """Take what is said of the data set as a whole; where its columns tell which data is personal, they are it."""
        traits = set(self.node.traits) | said.traits
        categories = self.node.categories
        if Trait.SAID_PERSONAL in traits:
            columns_tell = any(column.categories for column, _ in self.columns)
            categories = () if columns_tell else said.categories or categories or (ANY_PERSONAL,)
        places = tuple(dict.fromkeys((*self.node.locations, here)))
        new = {"traits": tuple(sorted(traits)), "categories": categories, "locations": places}
        self.node = self.node.model_copy(update=new)

    def ways(self) -> Iterator[str]:
        """The nodes whose data goes to whoever gets the data set: masked columns through their protection."""
        if self.node.categories:
            yield self.node.id
        yield from ((by or column).id for column, by in self.columns if column.categories or by)

    def row(self, *, listed: bool | None = None) -> Node:
        """The data set, a row of the inventory when it is to be `listed`: else if it holds personal data."""
        names = tuple(sorted({str(column.details["column"]) for column, _ in self.columns if column.categories}))
        told = {"personal": names} if names else {}
        asset = Asset.DATASET if (self.is_personal if listed is None else listed) else None
        return self.node.model_copy(update={"asset": asset, "details": {**self.node.details, **told}})

    def columns_masked(self) -> Facts:
        """The columns and their protections."""
        held = [(column, by) for column, by in self.columns if by is not None]
        return Facts(
            nodes=(*(column for column, _ in self.columns), *(by for _, by in held)),
            edges=tuple(flow(column.id, by.id, by.locations[0]) for column, by in held),
        )

    def facts(self, *, listed: bool | None = None) -> Facts:
        """Everything, with the data of the columns going into the data set: who gets it gets them."""
        held = self.columns_masked()
        return Facts(nodes=(self.row(listed=listed), *held.nodes), edges=(*held.edges, *self._into()))

    def _into(self) -> Iterator[Edge]:
        for column, by in self.columns:
            if column.categories or by is not None:
                yield flow((by or column).id, self.node.id, column.locations[0])
