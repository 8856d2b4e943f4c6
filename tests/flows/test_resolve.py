"""Which function a name means, across files: the one that Python would import, and no other of the same name."""

import pytest

from tests.flows.small import HEAD, followed

_USE = "def f(user):\n    ask(user.email)\n"
_OTHER = "def ask(x):\n    pass\n"

_SENDS = {
    "an import of a name": {"llm.py": HEAD, "app.py": f"from llm import ask\n{_USE}"},
    "an import under another name": {
        "llm.py": HEAD,
        "app.py": "from llm import ask as q\ndef f(user):\n    q(user.email)\n",
    },
    "an import of the module": {"llm.py": HEAD, "app.py": "import llm\ndef f(user):\n    llm.ask(user.email)\n"},
    "an import of the module under another name": {
        "llm.py": HEAD,
        "app.py": "import llm as m\ndef f(user):\n    m.ask(user.email)\n",
    },
    "a dotted module": {"a/b/llm.py": HEAD, "app.py": "import a.b.llm\ndef f(user):\n    a.b.llm.ask(user.email)\n"},
    "a dotted module under another name": {
        "a/b/llm.py": HEAD,
        "app.py": "import a.b.llm as m\ndef f(user):\n    m.ask(user.email)\n",
    },
    "two modules of one package": {
        "a/x.py": "",
        "a/llm.py": HEAD,
        "app.py": "import a.x\nimport a.llm\ndef f(user):\n    a.llm.ask(user.email)\n",
    },
    "a module from a package": {
        "a/llm.py": HEAD,
        "app.py": "from a import llm\ndef f(user):\n    llm.ask(user.email)\n",
    },
    "a relative import": {"a/llm.py": HEAD, "a/app.py": f"from .llm import ask\n{_USE}"},
    "a relative import of a parent": {"a/llm.py": HEAD, "a/b/app.py": f"from ..llm import ask\n{_USE}"},
    "a relative import of the package": {"a/__init__.py": HEAD, "a/app.py": f"from . import ask\n{_USE}"},
    "a relative import of a module": {
        "a/llm.py": HEAD,
        "a/app.py": "from . import llm\ndef f(user):\n    llm.ask(user.email)\n",
    },
    "an import inside of a function": {
        "llm.py": HEAD,
        "app.py": "def f(user):\n    from llm import ask\n    ask(user.email)\n",
    },
    "an import in a try": {
        "llm.py": HEAD,
        "app.py": f"try:\n    from llm import ask\nexcept ImportError:\n    ask = None\n{_USE}",
    },
    "an import for types": {
        "llm.py": HEAD + "class A:\n    def go(self, x):\n        ask(x)\n",
        "app.py": "if TYPE_CHECKING:\n    from llm import A\ndef f(a: 'A', user):\n    a.go(user.email)\n",
    },
    "a star": {"llm.py": HEAD, "app.py": f"from llm import *\n{_USE}"},
    "a star of a star": {"llm.py": HEAD, "mid.py": "from llm import *\n", "app.py": f"from mid import *\n{_USE}"},
    "a name from behind a star": {
        "llm.py": HEAD,
        "mid.py": "from llm import *\n",
        "app.py": f"from mid import ask\n{_USE}",
    },
    "a re-export": {
        "a/llm.py": HEAD,
        "a/__init__.py": "from .llm import ask\n",
        "app.py": f"from a import ask\n{_USE}",
    },
    "a re-export under another name": {
        "a/llm.py": HEAD,
        "a/__init__.py": "from .llm import ask as q\n",
        "app.py": "from a import q\ndef f(user):\n    q(user.email)\n",
    },
    "a chain of five re-exports": {
        "m0.py": HEAD,
        **{f"m{n}.py": f"from m{n - 1} import ask\n" for n in range(1, 6)},
        "app.py": f"from m5 import ask\n{_USE}",
    },
    "an alias in another file": {
        "llm.py": HEAD + "q = ask\n",
        "app.py": "from llm import q\ndef f(user):\n    q(user.email)\n",
    },
    "a client of another file": {
        "llm.py": "from openai import OpenAI\nclient = OpenAI()\n",
        "app.py": (
            "from llm import client\ndef f(user):\n"
            "    client.chat.completions.create(model='m', messages=[user.email])\n"
        ),
    },
    "a client of a module": {
        "llm.py": "from openai import OpenAI\nclient = OpenAI()\n",
        "app.py": (
            "import llm\ndef f(user):\n    llm.client.chat.completions.create(model='m', messages=[user.email])\n"
        ),
    },
    "a factory of another file": {
        "llm.py": "from openai import OpenAI\ndef make():\n    return OpenAI()\n",
        "app.py": (
            "from llm import make\ndef f(user):\n    make().chat.completions.create(model='m', messages=[user.email])\n"
        ),
    },
    "a base of another file": {
        "llm.py": HEAD + "class B:\n    def go(self, x):\n        ask(x)\n",
        "app.py": "from llm import B\nclass A(B):\n    pass\ndef f(user):\n    A().go(user.email)\n",
    },
    "a base of another file by its module": {
        "llm.py": HEAD + "class B:\n    def go(self, x):\n        ask(x)\n",
        "app.py": "import llm\nclass A(llm.B):\n    pass\ndef f(user):\n    A().go(user.email)\n",
    },
    "an object of another file": {
        "llm.py": HEAD + "class A:\n    def go(self, x):\n        ask(x)\na = A()\n",
        "app.py": "from llm import a\ndef f(user):\n    a.go(user.email)\n",
    },
    "a variable of another file": {
        "data.py": "x = user.email\n",
        "app.py": HEAD + "from data import x\ndef f():\n    ask(x)\n",
    },
    "a variable of another module": {
        "data.py": "x = user.email\n",
        "app.py": HEAD + "import data\ndef f():\n    ask(data.x)\n",
    },
    "a variable that is handed on": {
        "data.py": "x = user.email\n",
        "mid.py": "from data import x\n",
        "app.py": HEAD + "from mid import x\ndef f():\n    ask(x)\n",
    },
    "a list of another file that is filled": {
        "data.py": "x = []\n",
        "fill.py": "from data import x\ndef g(user):\n    x.append(user.email)\n",
        "app.py": HEAD + "from data import x\ndef f():\n    ask(x)\n",
    },
    "a list of another file that is filled by its module": {
        "data.py": "x = []\n",
        "fill.py": "import data\ndef g(user):\n    data.x.append(user.email)\n",
        "app.py": HEAD + "import data\ndef f():\n    ask(data.x)\n",
    },
    "a variable of another file that is set": {
        "data.py": "x = ''\n",
        "fill.py": "import data\ndef g(user):\n    data.x = user.email\n",
        "app.py": HEAD + "import data\ndef f():\n    ask(data.x)\n",
    },
    "files that import each other": {
        "llm.py": f"import app\n{HEAD}",
        "app.py": f"from llm import ask\n{_USE}",
    },
    "names that lead to each other and out": {
        "a.py": "from b import ask\n",
        "b.py": f"from a import ask\n{HEAD}",
        "app.py": f"from a import ask\n{_USE}",
    },
    "the nearest of two files": {
        "x/llm.py": HEAD,
        "x/app.py": f"from llm import ask\n{_USE}",
        "y/llm.py": _OTHER,
        "y/app.py": f"from llm import ask\n{_USE}",
    },
    "a source folder": {"src/pkg/llm.py": HEAD, "src/pkg/app.py": f"from pkg.llm import ask\n{_USE}"},
    "a decorator of another file": {
        "deco.py": "def deco(fn):\n    def inner(*a):\n        return fn(*a)\n    return inner\n",
        "app.py": HEAD + "from deco import deco\n@deco\ndef g(x):\n    ask(x)\ndef f(user):\n    g(user.email)\n",
    },
    "a result of another file": {
        "data.py": "def g(user):\n    return user.email\n",
        "app.py": HEAD + "from data import g\ndef f(user):\n    ask(g(user))\n",
    },
    "__main__": {"llm.py": HEAD, "app.py": "from llm import ask\nif __name__ == '__main__':\n    ask(user.email)\n"},
    "__all__": {"llm.py": HEAD + "__all__ = ['ask']\n", "app.py": f"from llm import *\n{_USE}"},
    "a lazy import": {
        "llm.py": HEAD,
        "app.py": "import importlib\ndef f(user):\n    importlib.import_module('llm').ask(user.email)\n",
    },
    "a module that is chosen": {
        "llm.py": HEAD,
        "llm2.py": HEAD,
        "app.py": f"if x:\n    from llm import ask\nelse:\n    from llm2 import ask\n{_USE}",
    },
}

_SENDS_NOTHING = {
    "a function of the same name elsewhere": {"llm.py": HEAD, "app.py": f"{_OTHER}{_USE}"},
    "a function of the same name in another module": {
        "llm.py": HEAD,
        "other.py": _OTHER,
        "app.py": f"from other import ask\n{_USE}",
    },
    "a method of the same name": {
        "llm.py": HEAD,
        "app.py": "class A:\n    def ask(self, x):\n        pass\ndef f(user):\n    A().ask(user.email)\n",
    },
    "a library of the same name": {"a/llm.py": HEAD, "app.py": f"from b.llm import ask\n{_USE}"},
    "a relative import of another folder": {
        "llm.py": HEAD,
        "a/llm.py": _OTHER,
        "a/app.py": f"from .llm import ask\n{_USE}",
    },
    "names that only lead to each other": {
        "a.py": "from b import ask\n",
        "b.py": "from a import ask\n",
        "app.py": f"from a import ask\n{_USE}",
        "llm.py": HEAD,
    },
    "stars that only lead to each other": {
        "a.py": "from b import *\n",
        "b.py": "from a import *\n",
        "app.py": f"from a import ask\n{_USE}",
        "llm.py": HEAD,
    },
    "a name that is bound again": {"llm.py": HEAD, "app.py": f"from llm import ask\ndef ask(x):\n    pass\n{_USE}"},
}


def _says(files: dict[str, str]) -> bool:
    """Whether the flow is reported, or that it could not be followed."""
    found = followed(files)
    return found.sources == {"user.email"} or any("user.email" in each for each in found.unresolved)


@pytest.mark.parametrize("name", _SENDS)
def test_a_name_means_what_python_would_import(name: str) -> None:
    """Data goes on into the function that a name means; where that is chosen when the code runs, it is a gap."""
    assert _says(_SENDS[name])


@pytest.mark.parametrize("name", _SENDS_NOTHING)
def test_the_same_name_elsewhere_is_another_function(name: str) -> None:
    """A bare name decides nothing."""
    assert followed(_SENDS_NOTHING[name]).sources == set()
