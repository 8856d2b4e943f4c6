"""How personal data moves through Python code: each case is a small project, and says what reaches the model."""

from collections.abc import Callable, Mapping

import pytest

from petguard.graph import SystemGraph
from petguard.model import Facts, Gap
from petguard.parsers import Parser
from petguard.parsers.python import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
Files = str | dict[str, str]

_HEAD = """import json
from openai import OpenAI
client = OpenAI()
def send(text):
    pass
def ask(prompt):
    return client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
"""

# Within one function: what the body of `def f(patient, user, rows)` sends, and the sources that must be seen.
_BODIES = {
    "an attribute": ("x = patient.notes\nSINK(x)", {"patient.notes"}),
    "an attribute of an attribute": ("SINK(row.patient.notes)", {"row.patient.notes"}),
    "a dictionary key": ("SINK(user['email'])", {"user.email"}),
    "a get": ("SINK(user.get('email', ''))", {"user.email"}),
    "an f-string": ("SINK(f'about {patient.notes}: summarise')", {"patient.notes"}),
    "an f-string with a format": ("SINK(f'{patient.notes!r:>20}')", {"patient.notes"}),
    "format": ("SINK('about {}'.format(patient.notes))", {"patient.notes"}),
    "per cent": ("SINK('about %s' % patient.notes)", {"patient.notes"}),
    "an addition": ("p = 'a'\np += patient.notes\nSINK(p)", {"patient.notes"}),
    "a join": ("SINK('; '.join([patient.notes, 'x']))", {"patient.notes"}),
    "append": ("parts = []\nparts.append(patient.notes)\nSINK(parts)", {"patient.notes"}),
    "extend": ("parts = []\nparts.extend([patient.notes])\nSINK(parts)", {"patient.notes"}),
    "insert": ("parts = []\nparts.insert(0, patient.notes)\nSINK(parts)", {"patient.notes"}),
    "a key that is set": ("d = {}\nd['x'] = patient.notes\nSINK(d)", {"patient.notes"}),
    "a dictionary": ("SINK({'x': [patient.notes]})", {"patient.notes"}),
    "json.dumps": ("SINK(json.dumps({'x': patient.notes}))", {"patient.notes"}),
    "a loop": ("for each in rows:\n    SINK(each['email'])", {"each.email"}),
    "a comprehension": ("SINK([each['email'] for each in rows])", {"each.email"}),
    "a generator": ("SINK(' '.join(each['email'] for each in rows))", {"each.email"}),
    "a column": ("df = load()\nSINK(df['date_of_birth'].to_list())", {"df.date_of_birth"}),
    "a walrus": ("if x := patient.notes:\n    SINK(x)", {"patient.notes"}),
    "a choice": ("SINK(patient.notes if user else '')", {"patient.notes"}),
    "unpacking": ("a, b = patient.notes, 1\nSINK(a)", {"patient.notes"}),
    "a lambda": ("g = lambda: SINK(patient.notes)\ng()", {"patient.notes"}),
    "an inner function": ("def g():\n    SINK(patient.notes)\ng()", {"patient.notes"}),
    "a decorated inner function": ("@cache\ndef g():\n    SINK(patient.notes)\ng()", {"patient.notes"}),
    "a with block": ("with open('x') as h:\n    SINK(patient.notes)", {"patient.notes"}),
    "a try block": ("try:\n    SINK(patient.notes)\nexcept ValueError:\n    pass", {"patient.notes"}),
    "two sources": ("SINK(user['email'] + patient.notes)", {"user.email", "patient.notes"}),
    "a value that is not sent": ("x = patient.notes\nsend(x)\nSINK('hello')", set()),
    "a value that is replaced": ("x = patient.notes\nx = 'hello'\nSINK(x)", set()),
    "a harmless attribute": ("SINK(user.timezone + user.id)", set()),
    "a name of something": ("SINK(path.parent.name)", set()),
    "a mention": ("# patient.notes\nSINK('patient.notes')", set()),
}

# Across functions, files and classes: whole projects, and what must reach the service in the end.
_PROJECTS: dict[str, tuple[Files, set[str]]] = {
    "a personal parameter": ("def f(email):\n    ask(email)\n", {"email"}),
    "a wrapper": ("def f(patient):\n    ask(patient.notes)\n", {"patient.notes"}),
    "a wrapper by keyword": ("def f(patient):\n    ask(prompt=patient.notes)\n", {"patient.notes"}),
    "a wrapper with a prompt built from it": ("def f(patient):\n    ask(f'{patient.notes}')\n", {"patient.notes"}),
    "a wrapper of a wrapper": (
        "def outer(a, text):\n    return ask(text)\ndef f(patient):\n    outer(1, patient.notes)\n",
        {"patient.notes"},
    ),
    "another parameter of a wrapper": (
        "def outer(a, text):\n    return ask(text)\ndef f(patient):\n    outer(patient.notes, 'x')\n",
        set(),
    ),
    "a recursive wrapper": (
        "def again(text, n):\n    again(text, n - 1)\n    ask(text)\ndef f(patient):\n    again(patient.notes, 3)\n",
        {"patient.notes"},
    ),
    "mutually recursive wrappers": (
        "def a(t):\n    b(t)\ndef b(t):\n    a(t)\n    ask(t)\ndef f(patient):\n    a(patient.notes)\n",
        {"patient.notes"},
    ),
    "an async wrapper": (
        "async def later(t):\n    return ask(t)\nasync def f(patient):\n    await later(patient.notes)\n",
        {"patient.notes"},
    ),
    "a method": (
        "class A:\n    def go(self, t):\n        return ask(t)\n"
        "    def f(self, patient):\n        self.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "a class method": (
        "class A:\n    @classmethod\n    def go(cls, t):\n        return ask(t)\n"
        "def f(patient):\n    A.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "a static method": (
        "class A:\n    @staticmethod\n    def go(t):\n        return ask(t)\n"
        "def f(patient):\n    A.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "an inherited method": (
        "class A:\n    def go(self, t):\n        return ask(t)\n"
        "class B(A):\n    def f(self, patient):\n        self.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "an object": (
        "class A:\n    def go(self, t):\n        return ask(t)\n"
        "def f(patient):\n    a = A()\n    a.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "an annotated object": (
        "class A:\n    def go(self, t):\n        return ask(t)\ndef f(a: 'A', patient):\n    a.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "an object kept as an attribute": (
        "class A:\n    def go(self, t):\n        return ask(t)\n"
        "class B:\n    def __init__(self):\n        self.a = A()\n"
        "    def f(self, patient):\n        self.a.go(patient.notes)\n",
        {"patient.notes"},
    ),
    "a constructor": (
        "class A:\n    def __init__(self, t):\n        self.answer = ask(t)\ndef f(patient):\n    A(patient.notes)\n",
        {"patient.notes"},
    ),
    "another file": (
        {"llm.py": _HEAD, "app.py": "from llm import ask\ndef f(patient):\n    ask(patient.notes)\n"},
        {"patient.notes"},
    ),
    "another file under another name": (
        {"llm.py": _HEAD, "app.py": "from llm import ask as q\ndef f(patient):\n    q(patient.notes)\n"},
        {"patient.notes"},
    ),
    "another file by its module": (
        {"p/llm.py": _HEAD, "p/app.py": "import p.llm\ndef f(patient):\n    p.llm.ask(patient.notes)\n"},
        {"patient.notes"},
    ),
    "a relative import": (
        {"p/llm.py": _HEAD, "p/q/app.py": "from ..llm import ask\ndef f(patient):\n    ask(patient.notes)\n"},
        {"patient.notes"},
    ),
    "a relative import of the module": (
        {"p/llm.py": _HEAD, "p/app.py": "from . import llm\ndef f(patient):\n    llm.ask(patient.notes)\n"},
        {"patient.notes"},
    ),
    "a re-export": (
        {
            "p/llm.py": _HEAD,
            "p/__init__.py": "from .llm import ask\n",
            "app.py": "from p import ask\ndef f(patient):\n    ask(patient.notes)\n",
        },
        {"patient.notes"},
    ),
    "an instance of another file": (
        {
            "llm.py": _HEAD + "class A:\n    def go(self, t):\n        return ask(t)\nservice = A()\n",
            "app.py": "from llm import service\ndef f(patient):\n    service.go(patient.notes)\n",
        },
        {"patient.notes"},
    ),
    "the nearest of two files of one name": (
        {
            "a/llm.py": _HEAD,
            "b/llm.py": "def ask(prompt):\n    pass\n",
            "a/app.py": "from llm import ask\ndef f(patient):\n    ask(patient.notes)\n",
            "b/app.py": "from llm import ask\ndef f(patient):\n    ask(patient.diagnosis)\n",
        },
        {"patient.notes"},
    ),
    "a function of the same name elsewhere": (
        {"llm.py": _HEAD, "app.py": "def ask(x):\n    pass\ndef f(patient):\n    ask(patient.notes)\n"},
        set(),
    ),
    "a method of the same name elsewhere": (
        {"llm.py": _HEAD, "app.py": "def f(phone, patient):\n    phone.ask(patient.notes)\n"},
        set(),
    ),
}

# What stands on the way: `patient.notes` goes to the model; the protections that are on its path.
_PROTECTED = {
    "a redactor on the way": ("ask(redact(patient.notes))", ["redaction"]),
    "a redactor, kept in a variable": ("x = redact(patient.notes)\nask(x)", ["redaction"]),
    "a redactor as a method": ("x = tools.anonymize_text(patient.notes)\nask(f'{x}')", ["redaction"]),
    "a hash": ("import hashlib\nask(hashlib.sha256(patient.notes).hexdigest())", ["pseudonymisation"]),
    "a redactor inside an f-string": ("ask(f'{redact(patient.notes)}')", ["redaction"]),
    "a redactor for something else": ("x = redact(patient.city)\nask(patient.notes)", []),
    "a redactor whose result is not used": ("redact(patient.notes)\nask(patient.notes)", []),
    "a redactor that comes too late": ("ask(patient.notes)\nx = redact(patient.notes)", []),
    "a redactor on one of two ways": ("x = redact(patient.notes) if strict else patient.notes\nask(x)", []),
    "a function that only sounds alike": ("ask(redaction_count(patient.notes))", []),
}


def _indented(body: str, calling: str) -> str:
    lines = body.replace("SINK(", f"{calling}(").splitlines()
    return "".join(f"    {line}\n" for line in lines)


def _whole(files: Files, folder: str) -> dict[str, str]:
    parts = {"app.py": _HEAD + files} if isinstance(files, str) else files
    return {f"{folder}/{path}": text for path, text in parts.items()}


@pytest.fixture(scope="module")
def graph(read: Read) -> SystemGraph:
    """One graph of all cases, each in a folder of its own."""
    files: dict[str, str] = {}
    for number, (body, _) in enumerate(_BODIES.values()):
        files |= _whole("def f(patient, user, rows):\n" + _indented(body, "ask"), f"wrapped{number}")
        direct = "def f(patient, user, rows):\n" + _indented(body, "client.responses.create")
        files |= _whole(
            direct.replace("client.responses.create(", "client.responses.create(model='m', input="), f"direct{number}"
        )
    for number, (project, _) in enumerate(_PROJECTS.values()):
        files |= _whole(project, f"project{number}")
    for number, (body, _) in enumerate(_PROTECTED.values()):
        files |= _whole("def f(patient, strict):\n" + _indented(body, "ask"), f"protected{number}")
    facts, gaps = read(PARSER, files)
    assert [gap.line for gap in gaps if "phone.ask" not in gap.detail] == []
    return SystemGraph([facts])


def _sources(graph: SystemGraph, folder: str) -> set[str]:
    return {path.source.name for path in graph.flows() if path.hops[0].location.path.startswith(f"{folder}/")}


@pytest.mark.parametrize("name", _BODIES)
def test_data_in_a_function_reaches_the_call(graph: SystemGraph, name: str) -> None:
    """What a function puts together and sends to a model is followed from where it is read."""
    assert _sources(graph, f"direct{list(_BODIES).index(name)}") == _BODIES[name][1]


@pytest.mark.parametrize("name", _BODIES)
def test_data_in_a_function_reaches_the_wrapper(graph: SystemGraph, name: str) -> None:
    """The same when the call stands in a function of the project."""
    assert _sources(graph, f"wrapped{list(_BODIES).index(name)}") == _BODIES[name][1]


@pytest.mark.parametrize("name", _PROJECTS)
def test_data_crosses_functions_and_files(graph: SystemGraph, name: str) -> None:
    """A call means the function that Python would call, and no other of the same name."""
    assert _sources(graph, f"project{list(_PROJECTS).index(name)}") == _PROJECTS[name][1]


@pytest.mark.parametrize("name", _PROTECTED)
def test_protections_on_the_way(graph: SystemGraph, name: str) -> None:
    """A protection counts where the data passes it on every way, and nowhere else."""
    folder = f"protected{list(_PROTECTED).index(name)}"
    (path,) = [
        path
        for path in graph.flows()
        if path.hops[0].location.path.startswith(f"{folder}/") and path.source.name == "patient.notes"
    ]
    assert [node.technique for node in path.protections] == _PROTECTED[name][1]


def test_the_way_lists_every_hop(read: Read) -> None:
    """From where the data is read, through the call and the parameter of the wrapper, to the service."""
    files = {
        "llm.py": _HEAD,
        "app.py": "from llm import ask\ndef f(patient):\n    text = patient.notes\n    ask(text)\n",
    }
    facts, _ = read(PARSER, files)
    (path,) = SystemGraph([facts]).flows()
    assert [(hop.location.path, hop.location.line, hop.node.name) for hop in path.hops] == [
        ("app.py", 3, "patient.notes"),
        ("app.py", 4, "ask"),
        ("llm.py", 6, "ask(prompt)"),
        ("llm.py", 7, "client.chat.completions.create"),
        ("llm.py", 7, "OpenAI"),
    ]


def test_a_chain_of_wrappers_may_be_long(read: Read) -> None:
    """Data is followed as far as it goes."""
    chain = "".join(f"def s{n + 1}(t):\n    s{n}(t)\n" for n in range(40))
    facts, gaps = read(
        PARSER, {"a.py": f"{_HEAD}def s0(t):\n    ask(t)\n{chain}def f(patient):\n    s40(patient.notes)\n"}
    )
    assert [path.source.name for path in SystemGraph([facts]).flows()] == ["patient.notes"]
    assert gaps == []


def test_a_wrapper_s_caller_that_cannot_be_parsed_is_a_gap(read: Read) -> None:
    """A file without any AI in it that calls a wrapper must be read; if it cannot, that is said."""
    files = {"llm.py": _HEAD, "app.py": "from llm import ask\nprint 'x'\nask(patient.notes)\n"}
    _, gaps = read(PARSER, files)
    assert [(gap.path, gap.line, gap.reason) for gap in gaps] == [("app.py", 2, "parse_error")]


def test_two_thousand_files_that_mention_a_wrapper_s_name_are_read_in_seconds(read: Read) -> None:
    """A common name such as `run` costs one look at each file, not a round of semgrep."""
    wrapper = _HEAD + "def run(text):\n    ask(text)\n"
    others = {
        f"m{n}/job.py": f"def run(x):\n    return x\nclass J:\n    def go(self, job):\n        job.run({n})\n"
        for n in range(2000)
    }
    use = {"app.py": "from llm import run\ndef f(patient):\n    run(patient.notes)\n"}
    facts, gaps = read(PARSER, {"llm.py": wrapper, **others, **use})
    assert gaps == []
    assert [path.source.name for path in SystemGraph([facts]).flows()] == ["patient.notes"]


@pytest.mark.parametrize(
    ("body", "sources"),
    [
        ("patient_notes = db.fetch()\n    return ask(patient_notes)", {"patient_notes"}),
        ("patient_notes = redact(db.fetch())\n    return ask(patient_notes)", set()),
        ("patient_notes = db.fetch()\n    patient_notes = redact(patient_notes)\n    return ask(patient_notes)", set()),
        ("home_email = 'desk@clinic.example'\n    return ask(home_email)", set()),
        ("home_email = db.email\n    return ask(home_email)", {"db.email"}),
    ],
)
def test_a_variable_is_taken_at_its_name_when_its_value_says_nothing(read: Read, body: str, sources: set[str]) -> None:
    """What a query returns is unknown but for the name it is given; a protected, constant or known value is not."""
    code = f"""\
from openai import OpenAI

client = OpenAI()


def ask(text):
    return client.chat.completions.create(model="gpt-4o", messages=[{{"role": "user", "content": text}}])


def summarise(db):
    {body}
"""
    facts, _ = read(PARSER, {"app.py": code})
    flows = SystemGraph([facts]).flows()
    assert {path.source.name for path in flows if not path.protections} == sources
