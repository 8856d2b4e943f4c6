"""EdgeLake (and AnyLog) deployments: the settings of the nodes (`*-configs/*.env`) and the scripts (`*.al`).

An operator keeps the data that brokers bring, a query node gets answers from operators, and all share metadata over
the master (or ledger). The nodes speak plain TCP and REST; the Nebula overlay is what encrypts between machines, and
EdgeLake itself has no log-in. Each file is read line by line; a value that begins with `!` or `$` is a variable.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from petguard import secrets
from petguard.collect import Candidate, Input, Interest
from petguard.model import Edge, EdgeKind, Facts, Gap, Location, Node, NodeKind, Origin, Trait
from petguard.parsers import Parser, one_by_one
from petguard.parsers._connections import connection
from petguard.parsers._source import together
from petguard.unprotected import Reach, reach

_SETTING = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Z][A-Z0-9_]{1,60})\s{0,4}=\s{0,4}(?P<value>[^\n]{0,500})")
_MARKS = (b"ANYLOG_SERVER_PORT", b"ANYLOG_REST_PORT", b"ENABLE_NEBULA", b"LEDGER_CONN")
_SCRIPT_MARKS = (b"run msg client", b"connect dbms", b"blockchain ", b"run operator", b"run message broker", b"_passwd")
_PASSWORDS = (
    "MQTT_PASSWD",
    "NOSQL_PASSWD",
    "DB_PASSWD",
    "BLOB_STORAGE_PASSWORD",
    "BUCKET_SECRETE_KEY",
    "NODE_PASSWORD",
)
_SWITCHES = {"MQTT_PASSWD": "ENABLE_MQTT", "NOSQL_PASSWD": "ENABLE_NOSQL"}
_BINDS = {"TCP_BIND": "TCP", "REST_BIND": "REST", "BROKER_BIND": "message broker"}
_CALL = re.compile(r"(?P<what>run msg client|connect dbms [^\s]{1,100}) where(?P<said>(?:(?!\n\s*\n)[^<>]){0,2000})")
_SAID = re.compile(r"(?P<key>broker|port|user|password|ip)\s{0,3}=\s{0,3}(?P<value>[^\s,)>]+)")
_ASSIGNED = re.compile(
    r"(?im)^[ \t]*(?:set )?(?P<name>\w*(?:passwd|password|private_key|secret\w*_key|access_key))[ \t]*=[ \t]*"
    r"(?P<value>[^\s!$\"]\S{3,})"
)
_OFF = "the node, whose log-in is off"
_NO_LOGIN = re.compile(r"(?im)^[ \t]*(?:set )?enable_auth[ \t]*=[ \t]*false\b")

_LOGIN = re.compile(r"(?i)\benable_auth[ \t]*=[ \t]*true\b")


def _interest(candidate: Candidate) -> Interest:
    data = candidate.data
    if candidate.suffix == ".al":
        return Interest.READ if any(mark in data for mark in _SCRIPT_MARKS) else Interest.CLEAR
    return Interest.READ if candidate.suffix == ".env" and any(mark in data for mark in _MARKS) else Interest.NONE


def _parse(inputs: Sequence[Input]) -> Iterator[Facts | Gap]:
    folders: dict[str, list[Input]] = defaultdict(list)
    for item in inputs:
        if item.path.endswith(".al"):
            yield from one_by_one([item], _script)
        else:
            folders[item.path.rpartition("/")[0]].append(item)
    nodes = [_Machine(folder, _settings(folders[folder])) for folder in sorted(folders)]
    for machine in nodes:
        yield together(_of_machine(machine))
    yield Facts(edges=tuple(_between(nodes)))


@dataclass(frozen=True)
class _Value:
    """What a setting says, and where."""

    text: str
    place: Location


@dataclass(frozen=True)
class _Machine:
    """One node of the network: the settings of all files in its folder."""

    folder: str
    said: Mapping[str, _Value]

    def text(self, name: str) -> str:
        """A setting's value, in small letters where it is a switch; empty when it is not there."""
        value = self.said.get(name)
        return "" if value is None else value.text

    def is_off(self, name: str) -> bool:
        """Whether a switch is there and says no."""
        return self.text(name).lower() == "false"

    @property
    def role(self) -> str:
        """Operator, query, master, publisher or generic."""
        return self.text("NODE_TYPE").lower()

    @property
    def name(self) -> str:
        """What the node is called, or the folder of its settings."""
        return self.text("NODE_NAME") or self.folder.rpartition("/")[2] or "EdgeLake"

    @property
    def id(self) -> str:
        """The node's id in the graph."""
        return f"edgelake:{self.folder}#{self.name}"


def _settings(items: Sequence[Input]) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for item in sorted(items, key=lambda each: each.path):
        for number, line in enumerate(item.text.splitlines(), 1):
            match = _SETTING.fullmatch(line)
            if match is not None:
                value = match["value"].strip().strip("\"'")
                hidden = {value} if match["name"] in _PASSWORDS and value else set()
                place = Location(path=item.path, line=number, evidence=secrets.mask_in(line, hidden))
                found[match["name"]] = _Value(value, place)
    return found


def _of_machine(machine: _Machine) -> Iterator[Facts]:
    if machine.said and machine.role:
        place = machine.said["NODE_TYPE"].place
        yield Facts(
            nodes=(
                Node(
                    id=machine.id,
                    kind=NodeKind.SYSTEM,
                    name=machine.name,
                    origin=Origin.DECLARED,
                    locations=(place,),
                    details={"role": machine.role},
                ),
            )
        )
        yield from _broker(machine)
    yield Facts(nodes=(*_open(machine), *_passwords(machine)))


def _broker(machine: _Machine) -> Iterator[Facts]:
    """The broker that brings data, when it is switched on."""
    broker = machine.said.get("MQTT_BROKER")
    if broker is None or not broker.text or machine.text("ENABLE_MQTT").lower() != "true":
        return
    plain = machine.text("MQTT_PORT") == "1883" and reach(broker.text) is Reach.FAR
    node = connection(
        f"mqtt://{broker.text}", broker.place, (Trait.UNENCRYPTED,) if plain else (), endpoint=broker.text
    )
    edge = Edge(
        kind=EdgeKind.FLOWS_TO, source=node.id, target=machine.id, origin=Origin.DECLARED, location=broker.place
    )
    yield Facts(nodes=(node.model_copy(update={"sink": None}),), edges=(edge,))


def _open(machine: _Machine) -> Iterator[Node]:
    """What other machines can read or use: no overlay, ports on every address, a database without a password."""
    if machine.is_off("ENABLE_NEBULA") and not machine.text("OVERLAY_IP") and machine.text("TCP_BIND") != "true":
        place = machine.said["ENABLE_NEBULA"].place
        yield connection(f"the network of {machine.name} without the Nebula overlay", place, (Trait.UNENCRYPTED,))
    for setting, what in _BINDS.items():
        if machine.is_off(setting) and setting == "REST_BIND":
            name = f"the {what} service of {machine.name} on every address, without a log-in"
            yield connection(name, machine.said[setting].place, (Trait.UNAUTHENTICATED,))
    password = machine.said.get("DB_PASSWD")
    if password is not None and not password.text and machine.text("DB_TYPE").lower() in ("psql", "postgres"):
        yield connection(f"the database of {machine.name} without a password", password.place, (Trait.UNAUTHENTICATED,))


def _passwords(machine: _Machine) -> Iterator[Node]:
    for setting in _PASSWORDS:
        value = machine.said.get(setting)
        if value is not None and value.text and not _is_variable(value.text) and not secrets.is_placeholder(value.text):
            unused = machine.is_off(_SWITCHES.get(setting, ""))
            name = f"{setting} of {machine.name}" + (", which is switched off," if unused else "")
            yield connection(name, value.place, (Trait.SECRET,))


def _is_variable(value: str) -> bool:
    return value[:1] in "!$"


def _between(machines: Sequence[_Machine]) -> Iterator[Edge]:
    """How data moves in one network: operators answer query nodes, and all tell the master what they have."""
    for source in machines:
        for target in machines:
            pair = (source.role, target.role)
            same = source.text("LEDGER_CONN") == target.text("LEDGER_CONN") or target.role == "master"
            if same and pair in (
                ("operator", "query"),
                ("operator", "master"),
                ("query", "master"),
                ("publisher", "operator"),
            ):
                place = source.said["NODE_TYPE"].place
                yield Edge(
                    kind=EdgeKind.FLOWS_TO, source=source.id, target=target.id, origin=Origin.DECLARED, location=place
                )


def _script(item: Input) -> Facts:
    """A script: the brokers and databases that it connects to, and the passwords in it."""
    text = re.sub(r"(?m)^[ \t]*#.*$", "", item.text)
    found = [
        *(node for call in _CALL.finditer(text) for node in _of_call(item, text, call)),
        *_assigned(item, text),
        *(_at(item, text, each.end() - 5, _OFF, (Trait.UNAUTHENTICATED,), set()) for each in _without_login(text)),
    ]
    return Facts(nodes=tuple({(node.locations[0].line, node.traits): node for node in reversed(found)}.values()))


def _without_login(text: str) -> Iterator[re.Match[str]]:
    """Where the log-in is switched off; a default that some line can change is none."""
    yield from () if _LOGIN.search(text) else _NO_LOGIN.finditer(text)


def _assigned(item: Input, text: str) -> Iterator[Node]:
    for match in _ASSIGNED.finditer(text):
        if not secrets.is_placeholder(match["value"]):
            yield _at(item, text, match.start("name"), match["name"], (Trait.SECRET,), {match["value"]})


def _of_call(item: Input, text: str, call: re.Match[str]) -> Iterator[Node]:
    said = {match["key"]: match for match in reversed(list(_SAID.finditer(text, call.start("said"), call.end("said"))))}
    host = said["broker"]["value"] if "broker" in said else said["ip"]["value"] if "ip" in said else ""
    port = said["port"]["value"] if "port" in said else ""
    password = said.get("password")
    held = (
        password is not None and not _is_variable(password["value"]) and not secrets.is_placeholder(password["value"])
    )
    if host and not _is_variable(host) and port == "1883" and reach(host) is Reach.FAR:
        hidden = {password["value"]} if password is not None else set()
        yield _at(item, text, said["broker"].start(), f"mqtt://{host}", (Trait.UNENCRYPTED,), hidden)
    if password is not None and held:
        name = f"the password of {call['what'].removeprefix('run ')}"
        yield _at(item, text, password.start(), name, (Trait.SECRET,), {password["value"]})


def _at(item: Input, text: str, start: int, name: str, traits: Sequence[Trait], hidden: set[str]) -> Node:
    """A node at a place of the script; nothing was taken out of it that has a line of its own."""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    evidence = secrets.mask_in(item.text.splitlines()[line - 1], hidden)
    return connection(name, Location(path=item.path, line=line, column=column, evidence=evidence), traits)


PARSER = Parser.of_configs("edgelake", _interest, _parse)
