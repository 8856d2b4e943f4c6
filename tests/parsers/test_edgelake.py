"""EdgeLake: what the settings and scripts of its nodes leave open, and how data moves between them."""

from collections.abc import Callable

import pytest

from petguard.model import EdgeKind, Facts, Gap, Trait
from petguard.parsers import Parser
from petguard.parsers.edgelake import PARSER

Read = Callable[[Parser, dict[str, str]], tuple[Facts, list[Gap]]]

BASE = """\
NODE_TYPE=operator
NODE_NAME=ward-3
ANYLOG_SERVER_PORT=32148
LEDGER_CONN=10.0.0.4:32048
"""


def traits(read: Read, settings: str, path: str = "operator-configs/base_configs.env") -> dict[str, Trait]:
    """The trait of each open thing, by its name."""
    facts, gaps = read(PARSER, {path: BASE + settings if path.endswith(".env") else settings})
    assert gaps == []
    return {node.name: trait for node in facts.nodes for trait in node.traits}


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("REST_BIND=false\n", {"the REST service of ward-3 on every address, without a log-in": Trait.UNAUTHENTICATED}),
        ("REST_BIND=true\n", {}),
        ("ENABLE_NEBULA=false\n", {"the network of ward-3 without the Nebula overlay": Trait.UNENCRYPTED}),
        ("ENABLE_NEBULA=false\nOVERLAY_IP=10.10.1.15\n", {}),
        ("ENABLE_NEBULA=false\nTCP_BIND=true\n", {}),
        ('DB_TYPE=psql\nDB_PASSWD=""\n', {"the database of ward-3 without a password": Trait.UNAUTHENTICATED}),
        ('DB_TYPE=sqlite\nDB_PASSWD=""\n', {}),
        ("ENABLE_NOSQL=true\nNOSQL_PASSWD=passwd7\n", {"NOSQL_PASSWD of ward-3": Trait.SECRET}),
        (
            "ENABLE_NOSQL=false\nNOSQL_PASSWD=passwd7\n",
            {"NOSQL_PASSWD of ward-3, which is switched off,": Trait.SECRET},
        ),
        ("MQTT_PASSWD=${MQTT}\nNODE_PASSWORD=<password>\nDB_PASSWD=$PW\n", {}),
        (
            "ENABLE_MQTT=true\nMQTT_BROKER=172.104.228.251\nMQTT_PORT=1883\n",
            {"mqtt://172.104.228.251": Trait.UNENCRYPTED},
        ),
        ("ENABLE_MQTT=false\nMQTT_BROKER=172.104.228.251\nMQTT_PORT=1883\n", {}),
        ("ENABLE_MQTT=true\nMQTT_BROKER=172.104.228.251\nMQTT_PORT=8883\n", {}),
        ("# MQTT_PASSWD=passwd7\n", {}),
    ],
)
def test_settings_of_a_node(read: Read, settings: str, found: dict[str, Trait]) -> None:
    """What is switched off is not in use, but a password in a file is known all the same."""
    assert traits(read, settings) == found


def client(host: str, port: str, word: str) -> str:
    """A call that subscribes to a broker."""
    where = f"broker={host} and port={port} and\n    user=ward and password={word}"
    return f"<run msg client where\n    {where} and log=false>\n"


@pytest.mark.parametrize(
    ("script", "found"),
    [
        (
            client("10.0.0.9", "1883", "mqtt4Ward!"),
            {"mqtt://10.0.0.9": Trait.UNENCRYPTED, "the password of msg client": Trait.SECRET},
        ),
        (client("!mqtt_broker", "!mqtt_port", "!mqtt_passwd"), {}),
        (client("127.0.0.1", "1883", "$PASSWORD"), {}),
        (
            "connect dbms ward where type=psql and user=ward and password=Zt4Qx9Lm and ip=10.0.0.9 and port=5432\n",
            {"the password of connect dbms ward": Trait.SECRET},
        ),
        ("mqtt_passwd = mqtt4Ward!\n", {"mqtt_passwd": Trait.SECRET}),
        ("# mqtt_passwd = mqtt4Ward!\n", {}),
        (
            "blockchain get operator\nset enable_auth = false\n",
            {"the node, whose log-in is off": Trait.UNAUTHENTICATED},
        ),
        ("blockchain get operator\nset enable_auth = false\nif $ENABLE_AUTH == true then set enable_auth = true\n", {}),
        ("run operator where policy=!operator_id", {}),
        ("run msg client where", {}),
    ],
)
def test_scripts(read: Read, script: str, found: dict[str, Trait]) -> None:
    """Values that begin with an exclamation mark or a dollar sign come from elsewhere."""
    assert traits(read, script, "scripts/ward.al") == found


def test_passwords_are_masked(read: Read) -> None:
    """In settings and in scripts."""
    facts, _ = read(
        PARSER,
        {
            "operator-configs/a.env": BASE + "MQTT_PASSWD=mqtt4Ward!\n",
            "a.al": client("10.0.0.9", "1883", "mqtt4Ward!"),
        },
    )
    assert "mqtt4Ward" not in facts.model_dump_json()


def test_data_moves_from_the_broker_to_whoever_asks(read: Read) -> None:
    """Over the operator to the query node of the same network; the master gets the metadata."""
    other = BASE.replace("operator", "{role}").replace("ward-3", "{role}")
    files = {
        "operator-configs/a.env": BASE + "ENABLE_MQTT=true\nMQTT_BROKER=10.0.0.9\nMQTT_PORT=1883\n",
        "query-configs/a.env": other.format(role="query"),
        "master-configs/a.env": other.format(role="master"),
        "elsewhere/a.env": other.format(role="query").replace("10.0.0.4", "10.9.9.9"),
    }
    facts, _ = read(PARSER, files)
    names = {node.id: node.name for node in facts.nodes}
    assert {(names[edge.source], names[edge.target]) for edge in facts.edges if edge.kind is EdgeKind.FLOWS_TO} == {
        ("mqtt://10.0.0.9", "ward-3"),
        ("ward-3", "query"),
        ("ward-3", "master"),
        ("query", "master"),
    }


def test_the_files_of_a_folder_are_one_node(read: Read) -> None:
    """The name stands in one, the switch in the other."""
    files = {"q/base_configs.env": BASE, "q/advance_configs.env": "ENABLE_NEBULA=false\n"}
    facts, _ = read(PARSER, files)
    assert [node.name for node in facts.nodes if node.traits] == ["the network of ward-3 without the Nebula overlay"]


@pytest.mark.parametrize(
    "text", ["", "ANYLOG_SERVER_PORT", "ANYLOG_SERVER_PORT=\n=\nNODE_TYPE=", "\0ANYLOG_SERVER_PORT=1"]
)
def test_damaged_settings_say_nothing(read: Read, text: str) -> None:
    """Cut off, empty, or no settings at all."""
    facts, gaps = read(PARSER, {"a.env": text})
    assert (facts.nodes, gaps) == ((), [])


def test_a_hostile_script_ends(read: Read) -> None:
    """No expression takes long."""
    facts, _ = read(PARSER, {"a.al": "run msg client where " * 20_000 + "password=" * 20_000})
    assert len(facts.nodes) <= 20_000
