"""What goes into functions and comes out of them: parameters, results, closures, callbacks, decorators."""

import pytest

from tests.flows.small import followed

_SENDS = {
    # parameters
    "a position": "def g(a, b):\n    ask(b)\ndef f(user):\n    g(1, user.email)",
    "a name": "def g(a, b):\n    ask(b)\ndef f(user):\n    g(b=user.email, a=1)",
    "a parameter that is only given by name": "def g(*, b):\n    ask(b)\ndef f(user):\n    g(b=user.email)",
    "a parameter that is only given by position": "def g(a, /, b):\n    ask(a)\ndef f(user):\n    g(user.email, 1)",
    "a default": "def g(a=user.email):\n    ask(a)\ng()",
    "a default of a parameter by name": "def g(*, a=user.email):\n    ask(a)\ng()",
    "the rest of the positions": "def g(a, *rest):\n    ask(rest)\ndef f(user):\n    g(1, 2, user.email)",
    "one of the rest": "def g(*rest):\n    ask(rest[0])\ndef f(user):\n    g(user.email)",
    "each of the rest": "def g(*rest):\n    for r in rest:\n        ask(r)\ndef f(user):\n    g(1, user.email)",
    "the rest of the names": "def g(**kw):\n    ask(kw)\ndef f(user):\n    g(a=user.email)",
    "one of the rest of the names": "def g(**kw):\n    ask(kw['a'])\ndef f(user):\n    g(a=user.email)",
    "one of the rest by get": "def g(**kw):\n    ask(kw.get('a'))\ndef f(user):\n    g(a=user.email)",
    "a list that is spread": "def g(a, b):\n    ask(b)\ndef f(user):\n    x = [1, user.email]\n    g(*x)",
    "a dict that is spread": "def g(a, b):\n    ask(b)\ndef f(user):\n    x = {'a': 1, 'b': user.email}\n    g(**x)",
    "what is handed on": "def g(*a, **k):\n    ask(*a, **k)\ndef f(user):\n    g(user.email)",
    "what is handed on by name": "def g(*a, **k):\n    ask(*a, **k)\ndef f(user):\n    g(prompt=user.email)",
    "a spread before a position": "def g(a, b):\n    ask(b)\ndef f(user):\n    x = [1]\n    g(*x, user.email)",
    "a rest before a name": "def g(*rest, b):\n    ask(b)\ndef f(user):\n    g(1, 2, b=user.email)",
    "a default beside an argument": "def g(a, b='x'):\n    ask(b)\ndef f(user):\n    g(1, user.email)",
    # results
    "a result": "def g(user):\n    return user.email\ndef f(user):\n    ask(g(user))",
    "a result that is handed through": "def g(a):\n    return a\ndef f(user):\n    ask(g(user.email))",
    "a tuple": "def g(a):\n    return 1, a\ndef f(user):\n    x, y = g(user.email)\n    ask(y)",
    "a part of a tuple": "def g(a):\n    return 1, a\ndef f(user):\n    ask(g(user.email)[1])",
    "a dict": "def g(a):\n    return {'x': a}\ndef f(user):\n    ask(g(user.email)['x'])",
    "a nested dict": "def g(a):\n    return {'x': {'y': a}}\ndef f(user):\n    ask(g(user.email)['x']['y'])",
    "one of two results": (
        "def g(a):\n    if a:\n        return a\n    return 'b'\ndef f(user):\n    ask(g(user.email))"
    ),
    "a result of a result": "def g(a):\n    return h(a)\ndef h(a):\n    return a\ndef f(user):\n    ask(g(user.email))",
    "a recursive result": "def g(a, n):\n    return a if n else g(a, n - 1)\ndef f(user):\n    ask(g(user.email, 3))",
    "mutually recursive results": (
        "def g(a, n):\n    return h(a, n)\ndef h(a, n):\n    return g(a, n) if n else a\n"
        "def f(user):\n    ask(g(user.email, 3))"
    ),
    "a recursion that builds a list": (
        "def g(a, n):\n    return [a] + g(a, n - 1) if n else []\ndef f(user):\n    ask(g(user.email, 3))"
    ),
    "a generator": "def g(a):\n    yield a\ndef f(user):\n    for x in g(user.email):\n        ask(x)",
    "a yield from": "def g(a):\n    yield from [a]\ndef f(user):\n    ask(list(g(user.email)))",
    "a yield in an assignment": "def g(a):\n    x = yield a\ndef f(user):\n    ask(list(g(user.email)))",
    "an async result": "async def g(a):\n    return a\nasync def f(user):\n    ask(await g(user.email))",
    "an async generator": (
        "async def g(a):\n    yield a\nasync def f(user):\n    async for x in g(user.email):\n        ask(x)"
    ),
    "a list that is filled": (
        "def g(x, a):\n    x.append(a)\ndef f(user):\n    y = []\n    g(y, user.email)\n    ask(y)"
    ),
    "a list that is filled by name": (
        "def g(x, a):\n    x.append(a)\ndef f(user):\n    y = []\n    g(x=y, a=user.email)\n    ask(y)"
    ),
    "a dict that is filled": (
        "def g(x, a):\n    x['k'] = a\ndef f(user):\n    y = {}\n    g(y, user.email)\n    ask(y['k'])"
    ),
    "an object that is filled": (
        "class T:\n    pass\ndef g(x, a):\n    x.k = a\ndef f(user):\n    y = T()\n    g(y, user.email)\n    ask(y.k)"
    ),
    "a list in an attribute that is filled": (
        "class T:\n    def __init__(self):\n        self.y = []\n    def f(self, user):\n"
        "        g(self.y, user.email)\n        ask(self.y)\ndef g(x, a):\n    x.append(a)"
    ),
    "a list in a dict that is filled": (
        "def g(x, a):\n    x.append(a)\ndef f(user):\n    d = {'y': []}\n    g(d['y'], user.email)\n    ask(d)"
    ),
    "a list that is filled two calls away": (
        "def h(x, a):\n    x.append(a)\ndef g(x, a):\n    h(x, a)\ndef f(user):\n    y = []\n"
        "    g(y, user.email)\n    ask(y)"
    ),
    # closures
    "a closure": "def f(user):\n    x = user.email\n    def g():\n        ask(x)\n    g()",
    "a closure that is given back": (
        "def g(a):\n    def h():\n        return a\n    return h\ndef f(user):\n    ask(g(user.email)())"
    ),
    "a closure over what changes later": (
        "def f(user):\n    x = 1\n    def g():\n        ask(x)\n    x = user.email\n    g()"
    ),
    "a closure over what is replaced later": (
        "def f(user):\n    x = user.email\n    def g():\n        ask(x)\n    g()\n    x = 1"
    ),
    "a closure that fills a list": (
        "def f(user):\n    x = []\n    def g():\n        x.append(user.email)\n    g()\n    ask(x)"
    ),
    "a closure that fills a dict": (
        "def f(user):\n    x = {}\n    def g():\n        x['a'] = user.email\n    g()\n    ask(x['a'])"
    ),
    "a closure that fills a list of another closure": (
        "def f(user):\n    x = []\n    def g():\n        x.append(user.email)\n    def h():\n"
        "        ask(x)\n    g()\n    h()"
    ),
    "a lambda that fills a list": "def f(user):\n    x = []\n    g = lambda: x.append(user.email)\n    g()\n    ask(x)",
    "a lambda with a default": "def f(user):\n    g = lambda a=user.email: ask(a)\n    g()",
    "a lambda's parameter": "def f(user):\n    g = lambda a: ask(a)\n    g(user.email)",
    "a lambda's result": "def f(user):\n    g = lambda a: a + '!'\n    ask(g(user.email))",
    "a counter of closures": (
        "def f(user):\n    x = ''\n    def g():\n        nonlocal x\n        x = user.email\n"
        "    def h():\n        return x\n    g()\n    ask(h())"
    ),
    # variables of the file
    "a variable of the file": "x = user.email\ndef f():\n    ask(x)",
    "a global that is set": "x = ''\ndef g(user):\n    global x\n    x = user.email\ndef f():\n    ask(x)",
    "a global that is set, read outside": "x = ''\ndef g(user):\n    global x\n    x = user.email\ng(u)\nask(x)",
    "a global list that is filled": "x = []\ndef g(user):\n    x.append(user.email)\ndef f():\n    ask(x)",
    "a global list that is filled, read outside": "x = []\ndef g(user):\n    x.append(user.email)\ng(u)\nask(x)",
    "a global dict that is filled": "x = {}\ndef g(user):\n    x['a'] = user.email\ndef f():\n    ask(x['a'])",
    "a global that only a function sets": "def g(user):\n    global x\n    x = user.email\ndef f():\n    ask(x)",
    # functions as values
    "an alias": "q = ask\ndef f(user):\n    q(user.email)",
    "a local alias": "def f(user):\n    q = ask\n    q(user.email)",
    "a partial": "from functools import partial\nq = partial(ask)\ndef f(user):\n    q(user.email)",
    "a partial with data": "from functools import partial\ndef f(user):\n    q = partial(ask, user.email)\n    q()",
    "a partial with a name": (
        "from functools import partial\ndef f(user):\n    q = partial(ask, prompt=user.email)\n    q()"
    ),
    "a partial that shifts": (
        "from functools import partial\ndef g(a, b):\n    ask(b)\nq = partial(g, 1)\ndef f(user):\n    q(user.email)"
    ),
    "a dict of functions": "def f(user, k):\n    d = {'a': ask}\n    d['a'](user.email)",
    "a dict of functions by a variable": "D = {'a': ask}\ndef f(user, k):\n    D[k](user.email)",
    "a dict of functions by get": "D = {'a': ask}\ndef f(user, k):\n    D.get(k)(user.email)",
    "a list of functions": "def f(user):\n    for g in [ask, print]:\n        g(user.email)",
    "a function by a condition": "def f(user, c):\n    g = ask if c else print\n    g(user.email)",
    "a function that is handed over": "def g(h, x):\n    h(x)\ndef f(user):\n    g(ask, user.email)",
    "a function that is handed over by name": "def g(h, x):\n    h(x)\ndef f(user):\n    g(x=user.email, h=ask)",
    "a function that is handed on": (
        "def k(h, x):\n    h(x)\ndef g(h, x):\n    k(h, x)\ndef f(user):\n    g(ask, user.email)"
    ),
    "a function that is kept": (
        "class T:\n    def __init__(self, h):\n        self.h = h\n    def go(self, x):\n        self.h(x)\n"
        "def f(user):\n    T(ask).go(user.email)"
    ),
    "a function that is given back": "def g():\n    return ask\ndef f(user):\n    g()(user.email)",
    "map": "def f(user):\n    list(map(ask, [user.email]))",
    "a comprehension of calls": "def f(user):\n    [ask(x) for x in [user.email]]",
    "a callback of a library": "import lib\ndef f(user):\n    lib.later(ask, user.email)",
    "a thread": "import threading\ndef f(user):\n    threading.Thread(target=ask, args=(user.email,)).start()",
    "a thread with names": (
        "import threading\ndef f(user):\n    threading.Thread(target=ask, kwargs={'prompt': user.email}).start()"
    ),
    "an executor": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(user):\n"
        "    with ThreadPoolExecutor() as pool:\n        pool.submit(ask, user.email)"
    ),
    "an executor that maps": (
        "from concurrent.futures import ThreadPoolExecutor\ndef f(users):\n"
        "    with ThreadPoolExecutor() as pool:\n        pool.map(ask, [user.email for user in users])"
    ),
    "an executor's result": (
        "from concurrent.futures import ThreadPoolExecutor\ndef g(a):\n    return a\ndef f(user):\n"
        "    with ThreadPoolExecutor() as pool:\n        x = pool.submit(g, user.email)\n    ask(x.result())"
    ),
    "to_thread": "import asyncio\nasync def f(user):\n    await asyncio.to_thread(ask, user.email)",
    "to_thread by name": "import asyncio\nasync def f(user):\n    await asyncio.to_thread(ask, prompt=user.email)",
    "the result of to_thread": (
        "import asyncio\ndef g(a):\n    return a\nasync def f(user):\n    ask(await asyncio.to_thread(g, user.email))"
    ),
    "gather": (
        "import asyncio\nasync def g(a):\n    return ask(a)\nasync def f(user):\n"
        "    await asyncio.gather(g(user.email))"
    ),
    "the results of gather": (
        "import asyncio\nasync def g(a):\n    return a\nasync def f(user):\n"
        "    x, y = await asyncio.gather(g(1), g(user.email))\n    ask(y)"
    ),
    "create_task": (
        "import asyncio\nasync def f(user):\n    x = asyncio.create_task(g(user.email))\n"
        "    ask(await x)\nasync def g(a):\n    return a"
    ),
    "run": "import asyncio\nasync def g(a):\n    ask(a)\ndef f(user):\n    asyncio.run(g(user.email))",
    "run_in_executor": (
        "import asyncio\nasync def f(user):\n    loop = asyncio.get_event_loop()\n"
        "    await loop.run_in_executor(None, ask, user.email)"
    ),
    "a background task": "def f(user, background_tasks):\n    background_tasks.add_task(ask, user.email)",
    "a queue": "import queue\nq = queue.Queue()\ndef f(user):\n    q.put(user.email)\ndef g():\n    ask(q.get())",
    # decorators
    "a decorator of a library": "@lru_cache\ndef g(a):\n    ask(a)\ndef f(user):\n    g(user.email)",
    "a decorator with arguments": "@retry(times=3)\ndef g(a):\n    ask(a)\ndef f(user):\n    g(user.email)",
    "a decorator of the tree": (
        "import functools\ndef deco(fn):\n    @functools.wraps(fn)\n    def inner(*a, **k):\n"
        "        return fn(*a, **k)\n    return inner\n@deco\ndef g(a):\n    ask(a)\ndef f(user):\n    g(user.email)"
    ),
    "a decorator that sends": (
        "def deco(fn):\n    def inner(*a, **k):\n        ask(a[0])\n        return fn(*a, **k)\n    return inner\n"
        "@deco\ndef g(a):\n    pass\ndef f(user):\n    g(user.email)"
    ),
    "a decorator that sends the result": (
        "def deco(fn):\n    def inner(*a):\n        x = fn(*a)\n        ask(x)\n        return x\n    return inner\n"
        "@deco\ndef g(user):\n    return user.email\ndef f(user):\n    g(user)"
    ),
    "a result through a decorator": (
        "def deco(fn):\n    def inner(*a):\n        return fn(*a)\n    return inner\n"
        "@deco\ndef g(user):\n    return user.email\ndef f(user):\n    ask(g(user))"
    ),
    "a context manager": (
        "from contextlib import contextmanager\n@contextmanager\ndef g(a):\n    yield a\n"
        "def f(user):\n    with g(user.email) as x:\n        ask(x)"
    ),
    "a task of celery": "@app.task\ndef g(a):\n    ask(a)\ndef f(user):\n    g.delay(user.email)",
    "a task of celery with args": (
        "@app.task\ndef g(a):\n    ask(a)\ndef f(user):\n    g.apply_async(args=[user.email])"
    ),
    "wraps by hand": (
        "from functools import wraps\ndef deco(n):\n    def outer(fn):\n        @wraps(fn)\n"
        "        def inner(*a, **k):\n"
        "            return fn(*a, **k)\n        return inner\n    return outer\n@deco(3)\ndef g(a):\n    ask(a)\n"
        "def f(user):\n    g(user.email)"
    ),
}

_SENDS_NOTHING = {
    "another parameter": "def g(a, b):\n    ask(b)\ndef f(user):\n    g(user.email, 1)",
    "another name": "def g(a, b):\n    ask(b)\ndef f(user):\n    g(a=user.email, b=1)",
    "what another caller passes": ("def g(a):\n    return a\ndef f(user):\n    g(user.email)\n    ask(g('x'))"),
    "what another caller passes, two calls away": (
        "def h(a):\n    return a\ndef g(a):\n    return h(a)\ndef f(user):\n    g(user.email)\n    ask(g('x'))"
    ),
    "what another caller passes, recursively": (
        "def g(a, n):\n    return a if n else g(a, n - 1)\ndef f(user):\n    g(user.email, 1)\n    ask(g('x', 1))"
    ),
    "what another caller passes, through a lambda": (
        "def f(user):\n    g = lambda a: a\n    g(user.email)\n    ask(g('x'))"
    ),
    "the other part of a tuple": "def g(a):\n    return 1, a\ndef f(user):\n    x, y = g(user.email)\n    ask(x)",
    "another key of a result": "def g(a):\n    return {'x': a, 'y': 1}\ndef f(user):\n    ask(g(user.email)['y'])",
    "a result that is a constant": "def g(a):\n    return 'x'\ndef f(user):\n    ask(g(user.email))",
    "a result that is a length": "def g(a):\n    return len(a)\ndef f(user):\n    ask(g(user.email))",
    "a function that nobody calls with it": "def g(a):\n    ask(a)\ndef f(user):\n    h(user.email)\n    g(1)",
    "a list that is filled with something else": (
        "def g(x, a):\n    x.append(1)\ndef f(user):\n    y = []\n    g(y, user.email)\n    ask(y)"
    ),
    "a list that somebody else had filled": (
        "def g(x, a):\n    x.append(a)\ndef f(user):\n    y, z = [], []\n    g(y, user.email)\n    g(z, 1)\n    ask(z)"
    ),
    "a local of another function": "def g(user):\n    x = user.email\ndef f():\n    x = ''\n    ask(x)",
    "a local that only bears a global's name": "x = ''\ndef g(user):\n    x = user.email\ndef f():\n    ask(x)",
    "a value that is passed where none is used": "def g(a, **kw):\n    ask(a)\ndef f(user):\n    g(1, b=user.email)",
    "another of the rest": "def g(**kw):\n    ask(kw['b'])\ndef f(user):\n    g(a=user.email, b=1)",
    "a spread's other key": "def g(a, b):\n    ask(b)\ndef f(user):\n    x = {'a': user.email, 'b': 1}\n    g(**x)",
    "another function of a dict": "def f(user, k):\n    d = {'a': ask, 'b': print}\n    d['b'](user.email)",
    "what the AI says": "def f(user):\n    x = ask('hello')\n    ask(x)",
}


@pytest.mark.parametrize("name", _SENDS)
def test_data_goes_through_functions(name: str) -> None:
    """What a caller passes arrives in the parameter that Python would bind, and comes back where it is returned."""
    assert followed(_SENDS[name]).sources == {"user.email"}


@pytest.mark.parametrize("name", _SENDS_NOTHING)
def test_data_does_not_come_out_elsewhere(name: str) -> None:
    """What one caller passes does not arrive in another parameter, nor come out at another caller."""
    assert followed(_SENDS_NOTHING[name]).sources == set()
