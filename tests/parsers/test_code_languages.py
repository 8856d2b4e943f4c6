"""What code in each language uses of AI; every case is a small project of its own."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petguard.collect import Candidate, Interest
from petguard.model import Asset, Facts, Gap
from petguard.parsers import Parser
from petguard.parsers._code import languages
from petguard.parsers.code import PARSER

Read = Callable[[Parser, Mapping[str, str]], tuple[Facts, list[Gap]]]

# A file, the code in it, and the services and models that it uses.
_USES = {
    "Java: a builder": (
        "A.java",
        "import dev.langchain4j.model.openai.OpenAiChatModel;\n"
        'class A { Object m = OpenAiChatModel.builder().baseUrl("https://api.groq.com/openai/v1")'
        '.modelName("llama-3.3-70b-versatile").build(); }',
        {"groq"},
        {"llama-3.3-70b-versatile"},
    ),
    "Java: a constant of an enumeration": (
        "A.java",
        "import static dev.langchain4j.model.openai.OpenAiChatModelName.GPT_4_O_MINI;\n"
        "import dev.langchain4j.model.openai.OpenAiChatModel;\n"
        "class A { Object m = OpenAiChatModel.builder().modelName(GPT_4_O_MINI).build(); }",
        {"openai"},
        {"gpt-4o-mini"},
    ),
    "Java: a default of the environment": (
        "A.java",
        "import com.openai.client.okhttp.OpenAIOkHttpClient;\n"
        "class A { Object c = OpenAIOkHttpClient.builder().baseUrl("
        'System.getenv().getOrDefault("U", "https://openrouter.ai/api/v1")).build(); }',
        {"openrouter"},
        set(),
    ),
    "Java: a default of Spring's": (
        "A.java",
        'class A { @Value("${ai.url:https://api.deepseek.com}") String url; }',
        {"deepseek"},
        set(),
    ),
    "Java: the same resource wherever it is": (
        "A.java",
        "import dev.langchain4j.model.azure.AzureOpenAiChatModel;\n"
        'class A { Object m = AzureOpenAiChatModel.builder().endpoint(System.getenv("E")).build(); }',
        {"azure"},
        set(),
    ),
    "Java: plain HTTP with a body": (
        "A.java",
        "class A { void f() { HttpRequest.newBuilder(URI.create("
        '"https://api.openai.com/v1/chat/completions"));\n'
        'String body = "{\\"model\\": \\"gpt-4o\\", \\"messages\\": []}"; } }',
        {"openai"},
        {"gpt-4o"},
    ),
    "Kotlin: a call that makes an object": (
        "A.kt",
        "import com.aallam.openai.client.OpenAI\nimport com.aallam.openai.client.OpenAIHost\n"
        'import com.aallam.openai.api.model.ModelId\nval c = OpenAI(token = "x", host = '
        'OpenAIHost(baseUrl = "https://api.groq.com/openai/v1/"))\nval r = Request(model = ModelId("gpt-4o"))',
        {"groq"},
        {"gpt-4o"},
    ),
    "Kotlin: an address with a name in it": (
        "A.kt",
        'const val HOST = "api.openai.com"\nval url = "https://$HOST/v1/chat/completions"\nfun f() = get(url)',
        {"openai"},
        set(),
    ),
    "Kotlin: a map": (
        "A.kt",
        'val body = mapOf("model" to "claude-3-5-sonnet-20241022", "max_tokens" to 10)',
        set(),
        {"claude-3-5-sonnet-20241022"},
    ),
    "Go: a configuration that is changed": (
        "a.go",
        'package a\nimport openai "github.com/sashabaranov/go-openai"\nfunc f() {\n'
        ' c := openai.DefaultConfig(key)\n c.BaseURL = "https://api.groq.com/openai/v1"\n'
        " x := openai.NewClientWithConfig(c)\n x.Do(openai.ChatCompletionRequest{Model: openai.GPT4oMini})\n}",
        {"groq"},
        {"gpt-4o-mini"},
    ),
    "Go: an option": (
        "a.go",
        'package a\nimport (\n "github.com/openai/openai-go"\n "github.com/openai/openai-go/option"\n)\n'
        'var c = openai.NewClient(option.WithBaseURL("https://openrouter.ai/api/v1"))',
        {"openrouter"},
        set(),
    ),
    "Go: another client of the SDK": (
        "a.go",
        'package a\nimport "github.com/sashabaranov/go-openai"\nvar c = openai.DefaultAzureConfig(key, os.Getenv("E"))',
        {"azure"},
        set(),
    ),
    "Go: a framework's module names the maker": (
        "a.go",
        'package a\nimport "github.com/tmc/langchaingo/llms/ollama"\n'
        'var l, _ = ollama.New(ollama.WithModel("llama3.1"))',
        {"ollama"},
        {"llama3.1"},
    ),
    "C#: a class that is used without its namespace": (
        "A.cs",
        'using OpenAI.Chat;\nvar c = new ChatClient(model: "gpt-4o", credential: new ApiKeyCredential(k), '
        'new OpenAIClientOptions { Endpoint = new Uri("https://api.deepseek.com") });',
        {"deepseek"},
        {"gpt-4o"},
    ),
    "C#: another class there": ("A.cs", "using OpenAI.Chat;\nvar c = new HttpClient();", set(), set()),
    "C#: the type stands before": ("A.cs", "using OpenAI;\nOpenAIClient c = new(key);", {"openai"}, set()),
    "C#: a kernel": (
        "A.cs",
        "using Microsoft.SemanticKernel;\nvar b = Kernel.CreateBuilder();\n"
        'b.AddAzureOpenAIChatCompletion("prod-4", Env("E"), key);\nb.AddOpenAIChatCompletion("gpt-4o", key);',
        {"azure", "openai"},
        {"prod-4", "gpt-4o"},
    ),
    "C#: a local runtime": (
        "A.cs",
        'using OllamaSharp;\nvar c = new OllamaApiClient(new Uri("http://localhost:11434"), "llama3.1");',
        {"ollama"},
        {"llama3.1"},
    ),
    "C#: an anonymous object": (
        "A.cs",
        'var b = new { model = "gpt-4o", temperature = 0 };\nawait h.PostAsync("https://api.openai.com/v1/chat", b);',
        {"openai"},
        {"gpt-4o"},
    ),
    "Ruby: a gem that is loaded": (
        "a.rb",
        'require "openai"\nc = OpenAI::Client.new(uri_base: ENV.fetch("U", "https://openrouter.ai/api/v1"))\n'
        'c.chat(parameters: { model: "gpt-4o", messages: [] })',
        {"openrouter"},
        {"gpt-4o"},
    ),
    "Ruby: a gem that the bundle loads": (
        "a.rb",
        'class A\n  BASE = "https://api.groq.com/openai/v1".freeze\n'
        '  def f = OpenAI::Client.new(uri_base: BASE, k: ENV["OPENAI_API_KEY"])\nend',
        {"groq"},
        set(),
    ),
    "Ruby: a block that configures": (
        "a.rb",
        'require "openai"\nOpenAI.configure do |c|\n  c.uri_base = "https://llm.corp.example/v1"\nend',
        {"llm.corp.example"},
        set(),
    ),
    "Ruby: a class of one's own": (
        "a.rb",
        'module OpenAI\n  class Client; end\nend\nc = OpenAI::Client.new(ENV["OPENAI_API_KEY"])',
        set(),
        set(),
    ),
    "Rust: a configuration": (
        "a.rs",
        "use async_openai::{Client, config::OpenAIConfig};\nfn f() {\n"
        ' let c = OpenAIConfig::new().with_api_base("https://api.groq.com/openai/v1");\n'
        " let x = Client::with_config(c);\n"
        ' let r = CreateChatCompletionRequestArgs::default().model("gpt-4o").build();\n}',
        {"groq"},
        {"gpt-4o"},
    ),
    "Rust: a crate without an import": ("a.rs", "fn f() { let c = async_openai::Client::new(); }", {"openai"}, set()),
    "Rust: JSON and a default": (
        "a.rs",
        'fn f() { let u = std::env::var("U").unwrap_or_else(|_| "https://api.anthropic.com".to_string());\n'
        ' let b = json!({"model": "claude-3-5-sonnet-20241022", "max_tokens": 1}); }',
        {"anthropic"},
        {"claude-3-5-sonnet-20241022"},
    ),
    "Rust: a name that only ends alike": ("a.rs", "fn f() { watch::channel(); dispatch::now(); }", set(), set()),
    "PHP: a factory": (
        "a.php",
        "<?php\n$c = OpenAI::factory()->withApiKey(getenv('OPENAI_API_KEY'))"
        "->withBaseUri('https://openrouter.ai/api/v1')->make();\n"
        "$c->chat()->create(['model' => 'gpt-4o', 'messages' => []]);",
        {"openrouter"},
        {"gpt-4o"},
    ),
    "PHP: a constant of the class": (
        "a.php",
        "<?php\nclass A { const MODEL = 'gpt-4o'; private string $url = 'https://api.openai.com/v1';\n"
        " function f() { Http::post($this->url . '/chat', ['model' => self::MODEL]); } }",
        {"openai"},
        {"gpt-4o"},
    ),
    "Swift: a call that makes an object": (
        "A.swift",
        'import OpenAI\nlet c = OpenAI(configuration: .init(token: "k", host: "api.groq.com"))\n'
        "let q = ChatQuery(messages: [], model: .gpt4_o)",
        {"groq"},
        {"gpt-4o"},
    ),
    "Swift: plain HTTP": (
        "A.swift",
        'let url = URL(string: "https://api.openai.com/v1/chat/completions")!\n'
        'let body: [String: Any] = ["model": "gpt-4o", "temperature": 1]',
        {"openai"},
        {"gpt-4o"},
    ),
    "Dart: a call that makes an object": (
        "a.dart",
        "import 'package:openai_dart/openai_dart.dart';\nconst base = 'https://api.groq.com/openai/v1';\n"
        "final c = OpenAIClient(apiKey: k, baseUrl: base);\n"
        "void f() async { await c.create(model: ChatCompletionModel.modelId('gpt-4o')); }",
        {"groq"},
        {"gpt-4o"},
    ),
    "Dart: plain HTTP": (
        "a.dart",
        "class A {\n  final String url = 'https://api.openai.com/v1';\n  Future<void> f() async {\n"
        "    await http.post(Uri.parse('$url/chat'), body: jsonEncode({'model': 'gpt-4o', 'n': 1}));\n  }\n}",
        {"openai"},
        {"gpt-4o"},
    ),
    "Dart: a default of a parameter": (
        "a.dart",
        "class A { A({this.model = 'gpt-4o', String base = 'https://api.openai.com/v1'}); final String model; }",
        {"openai"},
        {"gpt-4o"},
    ),
}

_CLEAN = {
    "A.java": 'class A { /* https://api.openai.com */ String car = new Car().model("Corolla").build(); }',
    "A.kt": 'val hosts = listOf("https://api.openai.com", "https://api.anthropic.com")',
    "a.go": 'package a\nvar ok = strings.HasPrefix(u, "https://api.openai.com")',
    "A.cs": 'class A { string docs = "https://openrouter.ai/docs"; }',
    "a.rb": "# OpenAI::Client.new\nx = User.model('user-2') # https://api.openai.com",
    "a.rs": 'fn f() { assert_eq!(url, "https://api.openai.com"); }',
    "a.php": "<?php // https://api.openai.com\n$csp = \"connect-src 'self' https://api.openai.com\";",
    "A.swift": 'let helpURL = "https://openrouter.ai/docs" // import OpenAI',
    "a.dart": "// import 'package:openai_dart/openai_dart.dart';\nfinal label = 'see https://api.openai.com';",
}

_IMPORTS = {
    "A.java": ("import dev.langchain4j.model.openai.*;", {"dev.langchain4j:langchain4j-open-ai"}),
    "A.kt": ("import com.aallam.openai.client.OpenAI as Client", {"com.aallam.openai:openai-client"}),
    "a.go": ('package a\nimport _ "github.com/sashabaranov/go-openai"', {"github.com/sashabaranov/go-openai"}),
    "A.cs": ("global using OpenAI.Chat;", {"OpenAI"}),
    "a.rb": ("require 'anthropic'", {"anthropic"}),
    "a.rs": ("use async_openai::{types::*, Client};", {"async-openai"}),
    "a.php": ("<?php\nuse OpenAI\\Client as C;", {"openai-php/client"}),
    "A.swift": ("import OpenAI", {"MacPaw/OpenAI"}),
    "a.dart": ("import 'package:openai_dart/openai_dart.dart' as o;", {"openai_dart"}),
}

# A file with an address in a constant, and another one that uses it.
_ELSEWHERE = {
    "Java": (
        ("Urls.java", 'class Urls { static final String BASE = "{}"; }'),
        (
            "A.java",
            "import dev.langchain4j.model.openai.OpenAiChatModel;\n"
            "class A { Object m = OpenAiChatModel.builder().baseUrl(Urls.BASE).build(); }",
        ),
    ),
    "Kotlin": (
        ("Urls.kt", 'object Urls { const val BASE = "{}" }'),
        (
            "A.kt",
            "import com.aallam.openai.client.OpenAI\nimport com.aallam.openai.client.OpenAIHost\n"
            "val c = OpenAI(host = OpenAIHost(baseUrl = Urls.BASE))",
        ),
    ),
    "Go": (
        ("urls.go", 'package a\nconst Base = "{}"'),
        (
            "a.go",
            'package a\nimport "github.com/openai/openai-go"\nimport "github.com/openai/openai-go/option"\n'
            "var c = openai.NewClient(option.WithBaseURL(Base))",
        ),
    ),
    "C#": (
        ("Urls.cs", 'class Urls { public const string Base = "{}"; }'),
        (
            "A.cs",
            "using OpenAI;\nvar c = new OpenAIClient(k, new OpenAIClientOptions { Endpoint = new Uri(Urls.Base) });",
        ),
    ),
    "Ruby": (
        ("urls.rb", 'module Urls\n  BASE = "{}"\nend'),
        ("a.rb", "require 'openai'\nOpenAI::Client.new(uri_base: Urls::BASE)"),
    ),
    "PHP": (
        ("Urls.php", "<?php class Urls { const BASE = '{}'; }"),
        ("a.php", "<?php\nuse OpenAI\\Client;\nOpenAI::factory()->withBaseUri(Urls::BASE)->make();"),
    ),
}


def _named(facts: Facts, asset: Asset) -> set[str]:
    return {node.id.partition(":")[2] for node in facts.nodes if node.asset is asset}


@pytest.mark.parametrize("case", _USES)
def test_services_and_models_are_found(read: Read, case: str) -> None:
    """The address decides who answers, and a model is told by its place, in the idiom of every language."""
    path, text, services, models = _USES[case]
    facts, gaps = read(PARSER, {path: text})
    assert (_named(facts, Asset.AI_SERVICE), _named(facts, Asset.MODEL), gaps) == (services, models, [])


@pytest.mark.parametrize("path", _CLEAN)
def test_what_is_only_spoken_of_is_no_use(read: Read, path: str) -> None:
    """Comments, questions, lists of hosts, links to pages and cars are not AI in any language."""
    facts, gaps = read(PARSER, {path: _CLEAN[path]})
    assert (facts.nodes, gaps) == ((), [])


@pytest.mark.parametrize("path", _IMPORTS)
def test_packages_are_what_is_imported(read: Read, path: str) -> None:
    """Every language's own way to import a package counts."""
    text, expected = _IMPORTS[path]
    facts, gaps = read(PARSER, {path: text})
    found = {node.id.partition("/")[2] for node in facts.nodes if node.asset is Asset.AI_SDK}
    assert (found, gaps) == (expected, [])


@pytest.mark.parametrize("language", _ELSEWHERE)
def test_addresses_come_from_constants_of_other_files(read: Read, language: str) -> None:
    """A constant of another class or of the same package is followed to its address."""
    (first, constant), (second, use) = _ELSEWHERE[language]
    facts, _ = read(PARSER, {first: constant.replace("{}", "https://llm.corp.example/v1"), second: use})
    assert _named(facts, Asset.AI_SERVICE) == {"llm.corp.example"}


@pytest.mark.parametrize(
    "files",
    [
        {"go.mod": "module github.com/openai/openai-go\n", "a.go": 'package a\nimport "github.com/openai/openai-go"'},
        {"Cargo.toml": '[package]\nname = "async-openai"\n', "src/a.rs": "use async_openai::Client;"},
        {"pubspec.yaml": "name: openai_dart\n", "a.dart": "import 'package:openai_dart/openai_dart.dart';"},
        {"A.java": "package com.openai.client;\nimport com.openai.client.B;", "B.java": "import com.openai.client.A;"},
        {"lib/openai.rb": "module OpenAI; end", "a.rb": 'require "openai"'},
        {"Sources/OpenAI/A.swift": "import OpenAI", "B.swift": "import OpenAI"},
        {"src/openai.rs": "use openai::x;", "src/a.rs": "use openai::Client;"},
    ],
    ids=["Go", "Rust", "Dart", "Java", "Ruby", "Swift", "a Rust module"],
)
def test_a_library_is_no_use_of_itself(read: Read, files: dict[str, str]) -> None:
    """In the tree that makes a package, importing it is no use of AI by itself."""
    facts, _ = read(PARSER, files)
    assert facts.nodes == ()


@pytest.mark.parametrize(
    ("shebang", "text"),
    [
        ("#!/usr/bin/env ruby", 'URI("https://api.x.ai/v1/chat/completions")'),
        ("#!/usr/bin/env node", 'fetch("https://api.x.ai/v1/chat/completions")'),
        ("#!/usr/bin/env php", '<?php get("https://api.x.ai/v1/chat/completions");'),
    ],
)
def test_scripts_without_an_extension_are_told_by_their_first_line(read: Read, shebang: str, text: str) -> None:
    """A script that names its interpreter is read in that language."""
    facts, _ = read(PARSER, {"bin/ask": f"{shebang}\n{text}\n"})
    assert _named(facts, Asset.AI_SERVICE) == {"xai"}


@pytest.mark.parametrize("suffix", sorted(languages.SUFFIXES))
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(read: Read, suffix: str) -> None:
    """No language's reader falls over a file that ends in the middle."""
    for case in (text for path, text, _, _ in _USES.values() if path.endswith(suffix)):
        for end in range(0, len(case), 7):
            read(PARSER, {f"a{suffix}": case[:end]})


@pytest.mark.parametrize("suffix", sorted(languages.SUFFIXES))
def test_a_language_that_is_read_is_no_gap(suffix: str) -> None:
    """A file that holds a trace of AI is read, not put off as a language nobody knows."""
    assert PARSER.interest(Candidate(f"a{suffix}", b"OPENAI_API_KEY")) is Interest.READ


@pytest.mark.parametrize("suffix", [".dart", ".java", ".ts", ".rb", ".php", ".kt"])
@pytest.mark.parametrize("nest", ["f(" * 20_000, "[" * 20_000, '"a" + ' * 20_000, "a." * 20_000, "{" * 20_000])
def test_a_deep_nest_ends(suffix: str, nest: str) -> None:
    """However deep a text is nested, reading it ends without a crash."""
    languages.read(f"a{suffix}", f"x = {nest}")


_PIECES = st.sampled_from(
    [
        *(
            "import ",
            "use ",
            "using ",
            "require ",
            "const ",
            "var ",
            "let ",
            "val ",
            "def ",
            "func ",
            "fn ",
            "class A ",
        ),
        *("new ", "await ", "return ", "OpenAI", "openai", "Client", ".builder()", "::new", "->make()", "baseUrl"),
        *(
            "model",
            "gpt-4o",
            "https://api.openai.com/v1",
            "OPENAI_API_KEY",
            '"',
            "'",
            "`",
            "${",
            "$",
            "#{",
            "\\(",
            "\\",
        ),
        *("(", ")", "[", "]", "{", "}", "<", ">", "=", ":", ";", ",", ".", "?", "??", "||", "+", "=>", "->", "\n", " "),
        *("/*", "*/", "//", "#", "<?php ", "\x00", "\ud800", "é", "\N{REPLACEMENT CHARACTER}"),
    ]
)


@given(st.lists(_PIECES, max_size=60).map("".join), st.sampled_from(sorted(languages.SUFFIXES)))
def test_no_text_makes_a_reader_crash(read: Read, text: str, suffix: str) -> None:
    """Whatever stands in a file, it is read without a crash."""
    read(PARSER, {f"a{suffix}": text, f"b{suffix}": "OPENAI_API_KEY\n" + text})
