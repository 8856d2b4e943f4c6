"""Files that were made to stall, to blind or to betray: what no format allows, and what no person writes."""

import re
from pathlib import Path
from time import process_time

import pytest

from petguard import reports, secrets
from petguard.report import Report
from petguard.scan import Request, scan

_PLENTY = 12.0  # seconds of this process; what was quadratic took minutes
_SECRET = "q7Zt4Lm9Xw2Rb8Kd5Vh3Nc6Ty1Pj0Fs"


def _scanned(folder: Path, name: str, content: str | bytes) -> Report:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return scan(Request(paths=(folder,), jobs=1))


@pytest.mark.parametrize(
    ("name", "begin", "unit"),
    [
        ("a.py", "import openai\nclient = openai.OpenAI()\nx = ", '"a",'),
        ("a.py", "import openai\nclient = openai.OpenAI()\nx = '''", "A_"),
        ("a.kt", "import dev.langchain4j.model.openai.OpenAiChatModel\nfun f() {\n", "a: b\n"),
        ("a.sql", "select ai_query('databricks-meta-llama', x) from t;\n", "{{"),
        ("a.sh", "curl https://api.openai.com/v1/models\n", "<<E\n"),
        ("main.bicep", "resource a 'Microsoft.CognitiveServices/accounts@2023-05-01' = {\n kind: 'OpenAI'\n", "/*a"),
        ("Jenkinsfile", "pipeline { environment { OPENAI_API_KEY = credentials('x') }\n", "/*a"),
        ("chart/templates/a.yaml", "image: vllm/vllm-openai\n", "{{"),
        ("chart/templates/b.yaml", "image: vllm/vllm-openai\n", "{{}} "),
        ("Dockerfile", "FROM vllm/vllm-openai\nENV ", "A_"),
        ("crew.yaml", "model: gpt-4o\n", "\n"),
        ("requirements.txt", "openai\n", " \n"),
        ("a.svelte", "import 'openai'\n", "<script>"),
        ("a.yaml", "model: gpt-4o\nbase_url: https://api.openai.com/v1\n", "- a\n"),
        ("Jenkinsfile", "pipeline { environment { OPENAI_API_KEY = credentials('x') }\n", "\n"),
        ("main.bicep", "", "resource a 'Microsoft.CognitiveServices/accounts@2023-05-01' = {\n kind: 'OpenAI'\n}\n"),
        ("a.min.js", "", 'x="https://api.openai.com/v1";'),
    ],
)
def test_no_text_stalls_the_scan(tmp_path: Path, name: str, begin: str, unit: str) -> None:
    """Time grows with the size of a file, or the file is given up and is a gap."""
    started = process_time()
    try:
        _scanned(tmp_path, name, begin + unit * (100_000 // len(unit)))
    finally:
        assert process_time() - started < _PLENTY


@pytest.mark.parametrize("name", ["a.py", "a.ts", "a.rb", "a.sql", "Dockerfile", ".env", "appsettings.json"])
def test_a_nul_byte_hides_nothing(tmp_path: Path, name: str) -> None:
    """Readers leave out what they cannot read; that it was about AI is a gap with its line."""
    text = b"\n\0 FROM ollama/ollama\nimport openai # 'openai' https://api.openai.com\nselect ai_query('gpt-4o')\n"
    gaps = _scanned(tmp_path, name, text).coverage.gaps
    assert any(gap.path == name and gap.line for gap in gaps)


@pytest.mark.parametrize("name", ["a.vue", "a.svelte"])
def test_a_page_cut_off_in_its_script_is_read(tmp_path: Path, name: str) -> None:
    """The end of the file is the end of the script."""
    report = _scanned(tmp_path, name, "<p>hi</p>\n<script>\nimport OpenAI from 'openai';\nconst c = new Open")
    assert {row.name for row in report.inventory} >= {"openai"}


def test_settings_that_cannot_be_parsed_and_name_a_local_runtime_are_a_gap(tmp_path: Path) -> None:
    """The port of a runtime gives AI away as well as a host."""
    report = _scanned(
        tmp_path, "appsettings.json", '{\n"Llm": { "BaseUrl": "http://localhost:11434", "Model": "llama3.'
    )
    assert report.inventory or report.coverage.gaps


@pytest.mark.parametrize("before", range(150, 260, 7))
def test_evidence_from_the_middle_of_a_line_shows_no_half_credential(before: int) -> None:
    """Wherever the part that is shown begins: within the literal, before it, or between two quotes."""
    line = "x" * 300 + f';const t="{_SECRET}";' + "y=1;" * 40 + 'new OpenAI({apiKey:k,baseURL:"u"})' + ";z=2" * 90
    at = line.index(_SECRET) + before
    shown = secrets.mask_near(line, at, code=True)
    assert not re.search("|".join(_SECRET[i : i + 6] for i in range(len(_SECRET) - 6)), shown)


def test_evidence_from_a_long_line_begins_at_its_place() -> None:
    """A name that stands before the place still tells that what follows is a credential."""
    line = '{"a": 1, ' * 60 + '"password": "hunter2hunter", "model": "gpt-4o"' + " " * 10
    shown = secrets.mask_near(line, line.index("hunter2"))
    assert "hunter2" not in shown
    assert secrets.mask_near(line, line.index('"model"')).startswith('"model": "gpt-4o"')


@pytest.mark.parametrize(
    "given", ["api_key => '{}'", "api_key := '{}'", '"apiKey" => "{}"', "api_key: {}", "API_KEY={}"]
)
def test_however_a_language_gives_a_value_to_a_name_it_is_masked(given: str) -> None:
    """Ruby, PHP and SQL write an arrow, PL/SQL and Go a colon with an equals sign."""
    assert _SECRET not in secrets.mask_in(given.format(_SECRET))


def test_an_azure_account_is_written_in_every_format(tmp_path: Path) -> None:
    """Its own kind stands beside the kind of the row."""
    text = "resource a 'Microsoft.CognitiveServices/accounts@2023-05-01' = {\n kind: 'OpenAI'\n}\n"
    report = _scanned(tmp_path, "main.bicep", text)
    assert report.inventory
    assert all(form.render(report) for form in reports.formats().values())


def test_a_thousand_tables_do_not_know_each_other(tmp_path: Path) -> None:
    """What holds around an entry is kept once, not once for each of its neighbours."""
    text = "".join(f'[m{number}]\nmodel="gpt-4o"\nbase_url="https://api.openai.com/v1"\n' for number in range(8_000))
    started = process_time()
    assert _scanned(tmp_path, "a.toml", text).inventory
    assert process_time() - started < _PLENTY
