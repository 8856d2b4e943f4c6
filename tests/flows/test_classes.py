"""Data in objects: attributes across methods, bases, records, properties, models of frameworks."""

import pytest

from tests.flows.small import followed

_SENDS = {
    "an attribute of another method": (
        "class A:\n    def set(self, user):\n        self.x = user.email\n    def go(self):\n        ask(self.x)"
    ),
    "an attribute of the constructor": (
        "class A:\n    def __init__(self, user):\n        self.x = user.email\n    def go(self):\n        ask(self.x)"
    ),
    "an attribute that is read outside": (
        "class A:\n    def __init__(self, x):\n        self.x = x\ndef f(user):\n    ask(A(user.email).x)"
    ),
    "a method of a class that is defined twice": (
        "if new:\n    class A:\n        def other(self):\n            pass\nelse:\n    class A:\n"
        "        def go(self, user):\n            ask(user.email)"
    ),
    "an attribute of an object that is kept": (
        "class A:\n    def __init__(self, x):\n        self.x = x\ndef f(user):\n    a = A(user.email)\n    ask(a.x)"
    ),
    "an attribute that is set outside": (
        "class A:\n    def go(self):\n        ask(self.x)\ndef f(user):\n    a = A()\n    a.x = user.email\n    a.go()"
    ),
    "messages that are filled": (
        "class A:\n    def __init__(self):\n        self.m = []\n    def add(self, x):\n        self.m.append(x)\n"
        "    def go(self):\n        ask(self.m)\ndef f(user):\n    a = A()\n    a.add(user.email)\n    a.go()"
    ),
    "messages that are filled under another name": (
        "class A:\n    def __init__(self):\n        self.m = []\n    def add(self, user):\n        m = self.m\n"
        "        m.append(user.email)\n    def go(self):\n        ask(self.m)"
    ),
    "a client that is kept": (
        "class A:\n    def __init__(self):\n        self.client = OpenAI()\n    def go(self, user):\n"
        "        self.client.chat.completions.create(model='m', messages=[user.email])"
    ),
    "a client that is passed": (
        "class A:\n    def __init__(self, client):\n        self.client = client\n    def go(self, user):\n"
        "        self.client.chat.completions.create(model='m', messages=[user.email])\nA(OpenAI())"
    ),
    "a client in a class attribute": (
        "class A:\n    client = OpenAI()\n    def go(self, user):\n"
        "        self.client.chat.completions.create(model='m', messages=[user.email])"
    ),
    "a client of a base": (
        "class B:\n    def __init__(self):\n        self.client = OpenAI()\nclass A(B):\n    def go(self, user):\n"
        "        self.client.chat.completions.create(model='m', messages=[user.email])"
    ),
    "a client in a property": (
        "class A:\n    @property\n    def client(self):\n        return OpenAI()\n    def go(self, user):\n"
        "        self.client.chat.completions.create(model='m', messages=[user.email])"
    ),
    "a client from a method": (
        "class A:\n    def client(self):\n        return OpenAI()\n    def go(self, user):\n"
        "        self.client().chat.completions.create(model='m', messages=[user.email])"
    ),
    "a class attribute": "class A:\n    x = user.email\n    def go(self):\n        ask(self.x)",
    "a class attribute by the class": "class A:\n    x = user.email\ndef f():\n    ask(A.x)",
    "a class attribute that is set": "class A:\n    x = ''\ndef g(user):\n    A.x = user.email\ndef f():\n    ask(A.x)",
    "a class attribute by cls": (
        "class A:\n    x = []\n    @classmethod\n    def add(cls, user):\n        cls.x.append(user.email)\n"
        "    @classmethod\n    def go(cls):\n        ask(cls.x)"
    ),
    "a method": "class A:\n    def go(self, x):\n        ask(x)\ndef f(user):\n    A().go(user.email)",
    "a method's result": (
        "class A:\n    def get(self, user):\n        return user.email\ndef f(user):\n    ask(A().get(user))"
    ),
    "a method of a base": (
        "class B:\n    def go(self, x):\n        ask(x)\nclass A(B):\n    pass\ndef f(user):\n    A().go(user.email)"
    ),
    "a method by super": (
        "class B:\n    def go(self, x):\n        ask(x)\nclass A(B):\n    def go(self, x):\n        super().go(x)\n"
        "def f(user):\n    A().go(user.email)"
    ),
    "a constructor by super": (
        "class B:\n    def __init__(self, x):\n        self.x = x\nclass A(B):\n    def __init__(self, x):\n"
        "        super().__init__(x)\n    def go(self):\n        ask(self.x)\ndef f(user):\n    A(user.email).go()"
    ),
    "a method by the class of a base": (
        "class B:\n    def go(self, x):\n        ask(x)\nclass A(B):\n    def go(self, x):\n        B.go(self, x)\n"
        "def f(user):\n    A().go(user.email)"
    ),
    "a hook that a child fills": (
        "class B:\n    def go(self, user):\n        self.hook(user.email)\n    def hook(self, x):\n        pass\n"
        "class A(B):\n    def hook(self, x):\n        ask(x)\ndef f(user):\n    A().go(user)"
    ),
    "a hook whose result is sent": (
        "class B:\n    def go(self, user):\n        ask(self.text(user))\n    def text(self, user):\n"
        "        raise NotImplementedError\nclass A(B):\n    def text(self, user):\n        return user.email"
    ),
    "a bound method that is kept": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef f(user):\n    g = A().go\n    g(user.email)"
    ),
    "a bound method that is handed over": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef f(user):\n    list(map(A().go, [user.email]))"
    ),
    "a call of an object": "class A:\n    def __call__(self, x):\n        ask(x)\ndef f(user):\n    A()(user.email)",
    "a call of an object that is kept": (
        "class A:\n    def __call__(self, x):\n        ask(x)\na = A()\ndef f(user):\n    a(user.email)"
    ),
    "a property": (
        "class A:\n    def __init__(self, x):\n        self._x = x\n    @property\n    def x(self):\n"
        "        return self._x\n"
        "def f(user):\n    ask(A(user.email).x)"
    ),
    "a cached property": (
        "class A:\n    def __init__(self, x):\n        self._x = x\n    @cached_property\n    def x(self):\n"
        "        return self._x\n    def go(self):\n        ask(self.x)\ndef f(user):\n    A(user.email).go()"
    ),
    "a setter": (
        "class A:\n    @property\n    def x(self):\n        return self._x\n    @x.setter\n    def x(self, v):\n"
        "        self._x = v\ndef f(user):\n    a = A()\n    a.x = user.email\n    ask(a.x)"
    ),
    "a fluent builder": (
        "class A:\n    def add(self, x):\n        self.x = x\n        return self\n"
        "    def go(self):\n        ask(self.x)\n"
        "def f(user):\n    A().add(user.email).go()"
    ),
    "a str": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __str__(self):\n"
        "        return self.x\ndef f(user):\n    ask(str(A(user.email)))"
    ),
    "an object in an f-string": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __str__(self):\n        return self.x\n"
        "def f(user):\n    ask(f'{A(user.email)}')"
    ),
    "an item of an object": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __getitem__(self, k):\n"
        "        return self.x\n"
        "def f(user):\n    ask(A(user.email)['k'])"
    ),
    "an iteration over an object": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __iter__(self):\n        yield self.x\n"
        "def f(user):\n    for y in A(user.email):\n        ask(y)"
    ),
    "entering an object": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def __enter__(self):\n        return self.x\n"
        "    def __exit__(self, *a):\n        pass\ndef f(user):\n    with A(user.email) as y:\n        ask(y)"
    ),
    "dataclass by name": "@dataclass\nclass A:\n    x: str\ndef f(user):\n    a = A(x=user.email)\n    ask(a.x)",
    "dataclass by position": (
        "@dataclass\nclass A:\n    w: int\n    x: str\ndef f(user):\n    a = A(1, user.email)\n    ask(a.x)"
    ),
    "dataclass in a method": (
        "@dataclass\nclass A:\n    x: str\n    def go(self):\n        ask(self.x)\ndef f(user):\n    A(user.email).go()"
    ),
    "a dataclass of a base": (
        "@dataclass\nclass B:\n    w: int\n@dataclass\nclass A(B):\n    x: str\ndef f(user):\n"
        "    a = A(1, user.email)\n    ask(a.x)"
    ),
    "asdict": (
        "from dataclasses import asdict\n@dataclass\nclass A:\n    x: str\ndef f(user):\n    ask(asdict(A(user.email)))"
    ),
    "replace": (
        "from dataclasses import replace\n@dataclass\nclass A:\n    x: str\ndef f(user):\n    a = A('')\n"
        "    ask(replace(a, x=user.email).x)"
    ),
    "a named tuple": (
        "class A(NamedTuple):\n    w: int\n    x: str\ndef f(user):\n    a = A(1, user.email)\n    ask(a.x)"
    ),
    "a named tuple's position": (
        "class A(NamedTuple):\n    w: int\n    x: str\ndef f(user):\n    a = A(1, user.email)\n    ask(a[1])"
    ),
    "namedtuple": (
        "from collections import namedtuple\nA = namedtuple('A', 'w x')\ndef f(user):\n    ask(A(1, user.email).x)"
    ),
    "a typed dict": "class A(TypedDict):\n    x: str\ndef f(user):\n    a = A(x=user.email)\n    ask(a['x'])",
    "pydantic": "class A(BaseModel):\n    x: str\ndef f(user):\n    ask(A(x=user.email).x)",
    "model_dump": "class A(BaseModel):\n    x: str\ndef f(user):\n    ask(A(x=user.email).model_dump())",
    "model_dump, one key": "class A(BaseModel):\n    x: str\ndef f(user):\n    ask(A(x=user.email).model_dump()['x'])",
    "model_dump_json": "class A(BaseModel):\n    x: str\ndef f(user):\n    ask(A(x=user.email).model_dump_json())",
    "model_validate": "class A(BaseModel):\n    x: str\ndef f(user):\n    ask(A.model_validate({'x': user.email}).x)",
    "a spread into a model": (
        "class A(BaseModel):\n    x: str\ndef f(user):\n    d = {'x': user.email}\n    ask(A(**d).x)"
    ),
    "a class that is made by a method": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    @classmethod\n    def of(cls, user):\n"
        "        return cls(user.email)\ndef f(user):\n    ask(A.of(user).x)"
    ),
    "an object in an object": (
        "class A:\n    def __init__(self, x):\n        self.x = x\nclass B:\n"
        "    def __init__(self, a):\n        self.a = a\n"
        "    def go(self):\n        ask(self.a.x)\ndef f(user):\n    B(A(user.email)).go()"
    ),
    "an object in a list": (
        "class A:\n    def __init__(self, x):\n        self.x = x\ndef f(user):\n"
        "    for a in [A(user.email)]:\n        ask(a.x)"
    ),
    "an object that a function gives back": (
        "class A:\n    def __init__(self, x):\n        self.x = x\ndef g(user):\n    return A(user.email)\n"
        "def f(user):\n    ask(g(user).x)"
    ),
    "an object that a function is given": (
        "class A:\n    def __init__(self, x):\n        self.x = x\ndef g(a):\n    ask(a.x)\n"
        "def f(user):\n    g(A(user.email))"
    ),
    "a nested class": (
        "class A:\n    class B:\n        def go(self, x):\n            ask(x)\ndef f(user):\n    A.B().go(user.email)"
    ),
    "a class in a function": (
        "def f(user):\n    class A:\n        def go(self, x):\n            ask(x)\n    A().go(user.email)"
    ),
    "a class that inherits from itself": (
        "class A(A):\n    def go(self, x):\n        ask(x)\ndef f(user):\n    A().go(user.email)"
    ),
    "classes that inherit from each other": (
        "class A(B):\n    pass\nclass B(A):\n    def go(self, x):\n        ask(x)\ndef f(user):\n    A().go(user.email)"
    ),
    "an async context manager": (
        "class A:\n    def __init__(self, x):\n        self.x = x\n    async def __aenter__(self):\n"
        "        return self\n"
        "async def f(user):\n    async with A(user.email) as a:\n        ask(a.x)"
    ),
    "a static method by the object": (
        "class A:\n    @staticmethod\n    def go(x):\n        ask(x)\n    def f(self, user):\n"
        "        self.go(user.email)"
    ),
    "a name that only the class mangles": (
        "class A:\n    def __init__(self, x):\n        self.__x = x\n    def go(self):\n        ask(self.__x)\n"
        "def f(user):\n    A(user.email).go()"
    ),
    "a parameter that is an object of a class": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef f(a: A, user):\n    a.go(user.email)"
    ),
    "a parameter that may be none": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef f(a: 'A | None', user):\n    a.go(user.email)"
    ),
    "an element of a typed list": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef f(many: list[A], user):\n"
        "    for a in many:\n        a.go(user.email)"
    ),
    "a declared attribute": (
        "class A:\n    def go(self, x):\n        ask(x)\nclass B:\n    a: A\n    def f(self, user):\n"
        "        self.a.go(user.email)"
    ),
    "a factory with a declared result": (
        "class A:\n    def go(self, x):\n        ask(x)\ndef make() -> A:\n    return registry['a']\n"
        "def f(user):\n    make().go(user.email)"
    ),
}

_SENDS_NOTHING = {
    "another attribute": (
        "class A:\n    def __init__(self, user):\n        self.x = user.email\n        self.y = 1\n    def go(self):\n"
        "        ask(self.y)"
    ),
    "an attribute of another class": (
        "class A:\n    def __init__(self, user):\n        self.x = user.email\nclass B:\n"
        "    def go(self):\n        ask(self.x)"
    ),
    "a method of another class": (
        "class A:\n    def go(self, x):\n        ask(x)\nclass B:\n    def go(self, x):\n        pass\n"
        "def f(user):\n    B().go(user.email)"
    ),
    "a method that is overridden": (
        "class B:\n    def go(self, x):\n        ask(x)\nclass A(B):\n    def go(self, x):\n        pass\n"
        "def f(user):\n    A().go(user.email)"
    ),
    "another field of a dataclass": (
        "@dataclass\nclass A:\n    w: int\n    x: str\ndef f(user):\n    a = A(1, user.email)\n    ask(a.w)"
    ),
    "another field of a model": (
        "class A(BaseModel):\n    w: int\n    x: str\ndef f(user):\n    ask(A(w=1, x=user.email).w)"
    ),
    "another key of a dump": (
        "class A(BaseModel):\n    w: int\n    x: str\ndef f(user):\n    ask(A(w=1, x=user.email).model_dump()['w'])"
    ),
    "an attribute that this method has replaced": (
        "class A:\n    def go(self, user):\n        self.x = user.email\n        self.x = ''\n"
        "        y = self.x\n        ask(y)"
    ),
}


@pytest.mark.parametrize("name", _SENDS)
def test_data_goes_through_objects(name: str) -> None:
    """What one method keeps, another finds; what is called is what Python would call."""
    assert followed(_SENDS[name]).sources == {"user.email"}


@pytest.mark.parametrize("name", _SENDS_NOTHING)
def test_data_of_other_objects_is_not_sent(name: str) -> None:
    """Attributes and methods of other names or classes are others."""
    assert followed(_SENDS_NOTHING[name]).sources == set()
