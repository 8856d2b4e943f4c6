"""What JavaScript and TypeScript use of AI; every case is a small project of its own."""

from collections.abc import Callable, Mapping

import pytest

from petguard.collect import Candidate, Interest
from petguard.model import Asset, Facts, Gap, Trait
from petguard.parsers import Parser
from petguard.parsers.code import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]
_OPENAI = 'import OpenAI from "openai";\n'

_PACKAGES = {
    "a default import": ('import OpenAI from "openai";', {"openai"}),
    "a named import": ("import { generateText } from 'ai';", {"ai"}),
    "an import for its effect": ('import "ollama";', {"ollama"}),
    "a path inside a package": ('import { x } from "openai/helpers/zod";', {"openai"}),
    "require": ("const { OpenAI } = require('openai');", {"openai"}),
    "a dynamic import": ('const m = await import("@anthropic-ai/sdk");', {"@anthropic-ai/sdk"}),
    "a dynamic import in a chain": ('import("openai").then((m) => new m.OpenAI());', {"openai"}),
    "a re-export": ('export * from "openai";', {"openai"}),
    "TypeScript's own require": ('import openai = require("openai");', {"openai"}),
    "a registry prefix": ('import OpenAI from "npm:openai@4.52.0";', {"openai"}),
    "a content network": ('import OpenAI from "https://esm.sh/openai@4";', {"openai"}),
    "a file of one's own": ('import OpenAI from "./openai";', set()),
    "a package whose name only begins alike": ('import x from "openai.js"; import y from "ai-tools";', set()),
    "a comment": ('// import OpenAI from "openai"\nconst x = 1;', set()),
    "a text": ("const x = 'import OpenAI from \"openai\"';", set()),
}

_SERVICES = {
    "the SDK's own provider": (_OPENAI + "const c = new OpenAI();", {"openai"}),
    "an address": (_OPENAI + "new OpenAI({ baseURL: 'https://openrouter.ai/api/v1' });", {"openrouter"}),
    "an address in a constant": (
        _OPENAI + "const BASE = 'https://api.groq.com/openai/v1';\nnew OpenAI({ baseURL: BASE });",
        {"groq"},
    ),
    "an address in a template": (
        _OPENAI + "const HOST = 'api.deepseek.com';\nnew OpenAI({ baseURL: `https://${HOST}/v1` });",
        {"deepseek"},
    ),
    "an address that is the default of a variable": (
        _OPENAI + "new OpenAI({ baseURL: process.env.BASE ?? 'https://api.groq.com/openai/v1' });",
        {"groq"},
    ),
    "one of two addresses": (
        _OPENAI + "new OpenAI({ baseURL: dev ? 'http://localhost:11434/v1' : 'https://api.groq.com/v1' });",
        {"groq", "ollama"},
    ),
    "an address in options": (
        'import { ChatOpenAI } from "@langchain/openai";\n'
        "new ChatOpenAI({ configuration: { baseURL: 'https://openrouter.ai/api/v1' } });",
        {"openrouter"},
    ),
    "an address in a field": (
        _OPENAI + "class A { base = 'https://api.groq.com/v1'; c = new OpenAI({ baseURL: this.base }); }",
        {"groq"},
    ),
    "an address in options that are kept in a name": (
        _OPENAI + "const options = { baseURL: 'https://api.groq.com/v1' };\nnew OpenAI(options);",
        {"groq"},
    ),
    "an address nobody knows": (
        _OPENAI + "new OpenAI({ baseURL: 'https://llm.corp.example/v1' });",
        {"llm.corp.example"},
    ),
    "an address from outside": (_OPENAI + "new OpenAI({ baseURL: process.env.BASE });", {"unresolved"}),
    "an address from a parameter, not the constant of that name": (
        _OPENAI + "const url = 'https://api.groq.com/v1';\nfunction f(url) { return new OpenAI({ baseURL: url }); }",
        {"groq", "unresolved"},
    ),
    "no address after all": (_OPENAI + "new OpenAI({ baseURL: undefined });", {"openai"}),
    "an address that may be left out": (_OPENAI + "new OpenAI({ ...(url ? { baseURL: url } : {}) });", {"openai"}),
    "Azure": ("import { AzureOpenAI } from 'openai';\nnew AzureOpenAI({ endpoint: process.env.E });", {"azure"}),
    "a renamed class": ("import { OpenAI as Client } from 'openai';\nnew Client();", {"openai"}),
    "a loaded class": ("const { OpenAI } = require('openai');\nnew OpenAI();", {"openai"}),
    "a loaded module": ("const ai = require('openai');\nnew ai.OpenAI();", {"openai"}),
    "a provider function": ("import { openai } from '@ai-sdk/openai';\nconst m = openai('gpt-4o');", {"openai"}),
    "a provider that is made": (
        "import { createOpenAI } from '@ai-sdk/openai';\n"
        "const groq = createOpenAI({ baseURL: 'https://api.groq.com/openai/v1' });\nconst m = groq('llama-3.3-70b');",
        {"groq"},
    ),
    "a client that is there already": ("import ollama from 'ollama';\nawait ollama.chat({ model: 'x' });", {"ollama"}),
    "a type alone": ("import type OpenAI from 'openai';\nlet x: OpenAI.Chat;", set()),
    "an error class": (_OPENAI + "throw new OpenAI.APIError(1);", set()),
    "a class of one's own": ("class OpenAI {}\nconst c = new OpenAI();", set()),
    "a path that only AI has, at an address from outside": (
        "fetch(`${process.env.LLM}/chat/completions`, { method: 'POST' });",
        {"unresolved"},
    ),
    "a path that only AI has, on a common port": (
        "const BASE = 'http://127.0.0.1:1234/v1';\nfetch(`${BASE}/chat/completions`);",
        {"lm-studio"},
    ),
    "a worker's binding": ("await env.AI.run('@cf/meta/llama-3.1-8b-instruct', {});", {"cloudflare"}),
    "fetch": ("await fetch('https://api.openai.com/v1/chat/completions', { method: 'POST' });", {"openai"}),
    "axios with a constant": (
        "const URL = 'https://api.anthropic.com';\naxios.post(`${URL}/v1/messages`);",
        {"anthropic"},
    ),
    "a local runtime by its port": ("fetch('http://localhost:11434/api/chat');", {"ollama"}),
    "a web server on a common port": ("fetch('http://localhost:8080/api/users');", set()),
    "a host in options": ("https.request({ hostname: 'api.openai.com', path: '/v1' });", {"openai"}),
    "a list of hosts": ("const blocked = ['https://api.openai.com', 'https://api.anthropic.com'];", set()),
    "a question about an address": ("if (url.startsWith('https://api.openai.com')) { x(); }", set()),
    "a content security policy": ("const csp = \"connect-src 'self' https://api.openai.com\";", set()),
    "a link to a page": ("const docsUrl = 'https://openrouter.ai/docs';", set()),
    "a test's name": ("it('https://api.openai.com/v1 is called', () => {});", set()),
    "a comment": ("// fetch('https://api.openai.com/v1')\nlet x;", set()),
}

_MODELS = {
    "an argument by name": (_OPENAI + "client.create({ model: 'gpt-4o', messages: [] });", {"gpt-4o"}),
    "a constant": ("const MODEL = 'gpt-4o-mini';", {"gpt-4o-mini"}),
    "a default": ("const model = process.env.MODEL || 'claude-3-5-sonnet-latest';", {"claude-3-5-sonnet-latest"}),
    "a default of a parameter": ("function f(model = 'gpt-4o') {}", {"gpt-4o"}),
    "an argument by position": ("import { openai } from '@ai-sdk/openai';\nopenai('acme-ft-1');", {"acme-ft-1"}),
    "a member of an enumeration": ("enum Models { MODEL = 'gpt-4o' }", {"gpt-4o"}),
    "a model of the hub": (
        "import { pipeline } from '@huggingface/transformers';\npipeline('embed', 'Xenova/all-MiniLM-L6-v2');",
        {"Xenova/all-MiniLM-L6-v2"},
    ),
    "an unlisted one beside what only models need": (
        _OPENAI + "c.create({ model: 'acme-llm-7b', messages: [] });",
        {"acme-llm-7b"},
    ),
    "the query of an address": (
        "new WebSocket('wss://api.openai.com/v1/realtime?model=gpt-4o-realtime-preview');",
        {"gpt-4o-realtime-preview"},
    ),
    "the path of an address": (
        "fetch('https://generativelanguage.googleapis.com/v1beta/models/gemini-1.5-flash:generateContent');",
        {"gemini-1.5-flash"},
    ),
    "a list under a name": (
        "const models = ['gpt-4o', 'acme-1', 'claude-3-5-sonnet-20241022'];",
        {
            "gpt-4o",
            "claude-3-5-sonnet-20241022",
        },
    ),
    "a question": ("if (client.isModel('gpt-7-turbo')) { x('https://api.openai.com'); }", set()),
    "the ids of a list that a router understands": (
        "export const models = [{ id: 'anthropic/claude-haiku-4.5', name: 'Haiku' }, { id: 'gpt-4o', name: 'x' }];",
        {"claude-haiku-4.5"},
    ),
    "a car": ("const car = { model: 'Corolla', year: 2020, api: 'https://api.openai.com' };", set()),
    "a table": ("mongoose.model('user-2'); fetch('https://api.openai.com');", set()),
}


def _named(facts: Facts, asset: Asset) -> set[str]:
    return {node.id.partition(":")[2].removeprefix("npm/") for node in facts.nodes if node.asset is asset}


@pytest.mark.parametrize("case", _PACKAGES)
def test_packages_are_what_is_imported(read: Read, case: str) -> None:
    """Every way to load a package counts; a file, a comment or a text that only looks like it does not."""
    text, expected = _PACKAGES[case]
    facts, gaps = read(PARSER, {"src/a.ts": text})
    assert (_named(facts, Asset.AI_SDK), gaps) == (expected, [])


@pytest.mark.parametrize("case", _SERVICES)
def test_services_are_who_answers(read: Read, case: str) -> None:
    """The address decides who answers, wherever it is written; without one it is the SDK's own provider."""
    text, expected = _SERVICES[case]
    facts, gaps = read(PARSER, {"src/a.ts": text})
    assert (_named(facts, Asset.AI_SERVICE), gaps) == (expected, [])


@pytest.mark.parametrize("case", _MODELS)
def test_models_are_told_by_their_place(read: Read, case: str) -> None:
    """A model stands under a name or at a place that only models have."""
    text, expected = _MODELS[case]
    facts, gaps = read(PARSER, {"src/a.ts": text})
    assert (_named(facts, Asset.MODEL), gaps) == (expected, [])


@pytest.mark.parametrize("suffix", ["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts"])
def test_every_extension_is_read(read: Read, suffix: str) -> None:
    """The same code is found under every extension of the two languages."""
    facts, _ = read(PARSER, {f"a.{suffix}": _OPENAI + "new OpenAI({ baseURL: 'https://api.groq.com/v1' });"})
    assert _named(facts, Asset.AI_SERVICE) == {"groq"}


@pytest.mark.parametrize("suffix", ["vue", "svelte", "html"])
def test_scripts_in_pages_are_read_where_they_stand(read: Read, suffix: str) -> None:
    """Of a page only the scripts count, with the line they have in it."""
    text = f'<template>\n<p v-model="x">it\'s</p>\n</template>\n<script lang="ts">\n{_OPENAI}new OpenAI();\n</script>\n'
    facts, gaps = read(PARSER, {f"a.{suffix}": text})
    assert (sorted({node.locations[0].line for node in facts.nodes}), gaps) == ([5, 6], [])


def test_front_matter_of_astro_is_read(read: Read) -> None:
    """The fenced code at the top of an Astro page is TypeScript."""
    facts, _ = read(PARSER, {"a.astro": f"---\n{_OPENAI}const c: OpenAI = new OpenAI();\n---\n<p>x</p>\n"})
    assert _named(facts, Asset.AI_SERVICE) == {"openai"}


@pytest.mark.parametrize("path", ["./config", "./config.js", "@/config"])
def test_addresses_come_from_other_files(read: Read, path: str) -> None:
    """A constant that another file exports is followed, also by an alias of the project's own folder."""
    files = {
        "src/config.ts": "export const BASE = 'https://llm.corp.example/v1';",
        "src/a.ts": f"import {{ BASE }} from '{path}';\n{_OPENAI}new OpenAI({{ baseURL: BASE }});",
    }
    facts, _ = read(PARSER, files)
    assert _named(facts, Asset.AI_SERVICE) == {"llm.corp.example"}


def test_a_wrapper_that_exports_a_client_is_followed(read: Read) -> None:
    """A model that is asked for through a provider made in another file is a model, wherever it is served."""
    files = {
        "lib/ai.ts": "import { createOpenAI } from '@ai-sdk/openai';\nexport const ask = createOpenAI({});",
        "app/a.ts": "import { ask } from '../lib/ai';\nask('gpt-4o'); ask('acme-7');",
    }
    facts, _ = read(PARSER, files)
    assert _named(facts, Asset.MODEL) == {"gpt-4o", "acme-7"}


@pytest.mark.parametrize(
    "barrel",
    ["export { default as LLM } from 'openai';", "import LLM from 'openai';\nexport { LLM };", "export * from './b';"],
)
def test_a_class_that_another_file_exports_is_followed(read: Read, barrel: str) -> None:
    """However a file passes a client's class on, making one is still using the package's provider."""
    files = {
        "lib/llm.ts": barrel,
        "lib/b.ts": "export { default as LLM } from 'openai';",
        "a.ts": "import { LLM } from './lib/llm';\nnew LLM(); // gpt-4o",
    }
    facts, _ = read(PARSER, files)
    assert _named(facts, Asset.AI_SERVICE) == {"openai"}


@pytest.mark.parametrize(
    "key",
    ["process.env.LLM_API_KEY", "import.meta.env.VITE_OPENAI_API_KEY", "process.env['MY_TOKEN'] ?? ''", "key"],
)
def test_a_variable_is_a_key_where_a_client_gets_it(read: Read, key: str) -> None:
    """A variable that a client is given as its key is listed by its name, whatever that is."""
    text = f"{_OPENAI}const key = process.env.OPENAI_SECRET_KEY;\nnew OpenAI({{ apiKey: {key} }});"
    facts, _ = read(PARSER, {"a.ts": text})
    names = [node.name for node in facts.nodes if node.asset is Asset.CREDENTIAL and node.provider == "openai"]
    assert names in (["LLM_API_KEY"], ["VITE_OPENAI_API_KEY"], ["MY_TOKEN"], ["OPENAI_SECRET_KEY"])


def test_a_workspace_package_is_not_the_one_of_the_registry(read: Read) -> None:
    """In the tree that makes a package, importing it is no use of AI by itself."""
    files = {"packages/ai/package.json": '{"name": "ai"}', "a.ts": 'import { x } from "ai";'}
    facts, _ = read(PARSER, files)
    assert facts.nodes == ()


def test_keys_are_named_and_masked(read: Read) -> None:
    """Names of variables that hold keys are listed; a key in the code is listed masked and nowhere shown."""
    key = "sk-proj-" + "Ab3dEf6hIj9kLm2nOp5qRs8t"
    text = f"const a = process.env.OPENAI_API_KEY;\n// GROQ_API_KEY\nconst b = 'set MISTRAL_API_KEY';\nx('{key}');"
    facts, _ = read(PARSER, {"a.js": text})
    found = [node for node in facts.nodes if node.asset is Asset.CREDENTIAL]
    assert [node.name for node in found] == ["OPENAI_API_KEY", "openai sk-proj-***"]
    assert key not in str(facts)


def test_a_key_of_a_provider_need_not_say_api(read: Read) -> None:
    """What providers call their variables counts; their addresses are no keys."""
    text = "get('AZURE_OPENAI_KEY'); get('AZURE_OPENAI_ENDPOINT');"
    facts, _ = read(PARSER, {"a.js": text})
    assert [node.name for node in facts.nodes if node.asset is Asset.CREDENTIAL] == ["AZURE_OPENAI_KEY"]


def test_a_key_without_a_shape_counts_where_a_client_gets_it(read: Read) -> None:
    """A literal that is given to a client as its key is one, whatever it looks like."""
    facts, _ = read(PARSER, {"a.js": _OPENAI + "new OpenAI({ apiKey: 'f3a91b7cd04e4a55b1' });"})
    assert [node.traits for node in facts.nodes if node.asset is Asset.CREDENTIAL] == [(Trait.SECRET,)]
    assert "f3a91b7cd04e4a55b1" not in str(facts)


def test_a_router_s_own_name_for_a_model_is_kept(read: Read) -> None:
    """What stands before the slash is part of the name where an aggregator is asked for it."""
    made = "const openrouter = new OpenAI({ baseURL: 'https://openrouter.ai/api/v1' });\n"
    asked = "openrouter.chat.completions.create({ model: 'google/gemini-2.5-pro', messages: [] });"
    facts, _ = read(PARSER, {"a.ts": _OPENAI + made + asked})
    found = [(node.name, node.provider) for node in facts.nodes if node.asset is Asset.MODEL]
    assert found == [("google/gemini-2.5-pro", "openrouter")]


def test_agents_have_their_names(read: Read) -> None:
    """The making of an agent is one, by the name it is given."""
    facts, _ = read(PARSER, {"a.ts": "import { Agent } from '@openai/agents';\nnew Agent({ name: 'Triage' });"})
    assert [node.name for node in facts.nodes if node.asset is Asset.AGENT] == ["Triage"]


def test_of_a_bundle_only_addresses_and_keys_are_told(read: Read) -> None:
    """A minified file with an AI address is partly read, and one that only holds words is clean."""
    filler = "a(1);" * 2000
    facts, gaps = read(PARSER, {"b.js": f'{filler}x("together");', "c.js": f'{filler}f("https://api.openai.com/v1")'})
    assert _named(facts, Asset.AI_SERVICE) == {"openai"}
    assert [(gap.path, gap.reason) for gap in gaps] == [("c.js", "minified")]


@pytest.mark.parametrize("loads", ['const O=require("openai");', 'import O from"openai";', 'import("openai").then(f);'])
def test_a_bundle_that_loads_a_package_of_ai_is_not_clean(read: Read, loads: str) -> None:
    """What is written in one long line and asks an AI is told as using it, and the rest of it is a gap."""
    facts, gaps = read(PARSER, {"one.js": loads + "a(1);" * 2000})
    assert _named(facts, Asset.AI_SDK) == {"openai"}
    assert [(gap.path, gap.reason) for gap in gaps] == [("one.js", "minified")]


def test_what_cannot_be_read_is_a_gap_with_its_line(read: Read) -> None:
    """A file that is cut off is read as far as it goes, and says where it breaks."""
    facts, gaps = read(PARSER, {"a.ts": _OPENAI + "function f() {\n  if (x) {\n    new OpenAI({\n"})
    assert [node.asset for node in facts.nodes][:1] == [Asset.AI_SDK]
    assert [(gap.path, gap.reason) for gap in gaps] == [("a.ts", "parse_error")]


def test_types_that_are_newer_than_the_grammar_are_no_gap(read: Read) -> None:
    """What only types say is not needed to read the rest."""
    text = 'export type * from "x";\nconst a = b<typeof import("openai")>();\nconst c = <p>Files & more</p>;\n'
    _, gaps = read(PARSER, {"a.tsx": text})
    assert gaps == []


@pytest.mark.parametrize(
    ("path", "data", "expected"),
    [
        ("a.ts", b"const x = 1;", Interest.READ),
        ("a.rb", b"x = 1", Interest.CLEAR),
        ("schema.prisma", b"model A {}", Interest.READ),
        ("a.d.ts", b'import OpenAI from "openai";', Interest.CLEAR),
        ("a.ts", b'import "openai";', Interest.READ),
        ("a.ts", b"export const A = 'https://x.example';", Interest.READ),
        ("a.py", b'import "openai"', Interest.NONE),
    ],
)
def test_only_files_that_matter_are_kept(path: str, data: bytes, expected: Interest) -> None:
    """Files that hand data on or export an address are kept; others without a trace of AI are clear at once."""
    assert PARSER.interest(Candidate(path, data)) is expected


def test_chunks_that_all_open_each_other_are_each_asked_once(read: Read) -> None:
    """A bundler's chunks load each other by dozens; a name that none has does not start a search along every way."""
    opens = "".join(f'import "./chunk{n}.js";\n' for n in range(40))
    files = {f"chunk{n}.js": opens for n in range(40)}
    files["app.js"] = 'import OpenAI from "openai";\nimport { missing } from "./chunk0.js";\nmissing(new OpenAI());\n'
    facts, _ = read(PARSER, files)
    assert _named(facts, Asset.AI_SDK) == {"openai"}


@pytest.mark.parametrize(
    ("revision", "movable"),
    [("", True), (", { revision: 'main' }", True), (f", {{ revision: '{'5f' * 20}' }}", False)],
)
def test_a_model_of_the_hub_is_pinned_by_a_commit(read: Read, revision: str, movable: bool) -> None:
    """A branch may move, and so may a name alone."""
    code = (
        f"import {{ AutoModel }} from '@huggingface/transformers';\nAutoModel.from_pretrained('acme/tiny'{revision});"
    )
    facts, _ = read(PARSER, {"a.mjs": code})
    (model,) = [node for node in facts.nodes if node.asset is Asset.MODEL]
    assert (Trait.MUTABLE_REFERENCE in model.traits) is movable
