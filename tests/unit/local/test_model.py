"""The embedded model: a real one, asked over its real socket."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from copilot_magics.errors import BadInput, ProviderUnavailable
from copilot_magics.local import LocalModel, server
from copilot_magics.runtime.locate import cached_model

MODEL = cached_model()
"""The fetched model, found before a test has a cache of its own."""


@pytest.fixture(scope="module")
def model() -> LocalModel:
    assert MODEL.is_file(), "Run `python -m copilot_magics setup --local`."
    return server(MODEL)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def ask(model: LocalModel, text: str, key: str | None = None) -> str:
    body = json.dumps({"messages": [{"role": "user", "content": text}]}).encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {model.api_key if key is None else key}",
    }
    request = urllib.request.Request(f"{model.base_url}/chat/completions", body, headers)
    with urllib.request.urlopen(request) as response:
        answer: str = json.load(response)["choices"][0]["message"]["content"]
        return answer


def test_two_conversations_at_once(model: LocalModel) -> None:
    questions = ["What is a list in Python?", "What is the capital of France?"]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda text: ask(model, text), questions))
    assert "list" in answers[0]
    assert "Paris" in answers[1]


def test_the_date_before_a_prompt_changes_nothing(model: LocalModel) -> None:
    plain = ask(model, "What is the capital of France?")
    for day in ("2026-01-01T00:00:00.000+00:00", "2031-12-31T23:59:59.999+00:00"):
        dated = f"<current_datetime>{day}</current_datetime>\n\nWhat is the capital of France?"
        assert ask(model, dated) == plain


def test_only_who_holds_the_key_is_answered(model: LocalModel) -> None:
    for wrong in ("", "guess"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(model, "hello", wrong)
    assert model.api_key not in repr(model)


def test_it_listens_on_loopback_alone(model: LocalModel) -> None:
    port = urlsplit(model.base_url).port
    listening = [
        connection.laddr.ip
        for connection in psutil.Process().net_connections("inet")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port
    ]
    assert listening == ["127.0.0.1"]


def test_one_server_a_model_and_nothing_printed() -> None:
    code = (
        "import sys; from concurrent.futures import ThreadPoolExecutor\n"
        "from copilot_magics.local import server\n"
        "with ThreadPoolExecutor() as pool:\n"
        "    assert len(set(map(id, pool.map(server, [sys.argv[1]] * 4)))) == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code, MODEL], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_forked_child_has_a_server_of_its_own(model: LocalModel) -> None:
    context = multiprocessing.get_context("fork")
    told: SimpleQueue[str] = context.SimpleQueue()
    child = context.Process(target=lambda: told.put(server(MODEL).base_url))
    child.start()
    assert told.get() != model.base_url
    child.join()
    assert child.exitcode == 0
    assert ask(model, "hello")


def test_the_model_was_not_fetched(empty_cache: Path) -> None:
    with pytest.raises(ProviderUnavailable, match="python -m copilot_magics setup --local"):
        server()


def test_what_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        server(tmp_path / "none.gguf")
    text = tmp_path / "text.gguf"
    text.write_text("hello")
    with pytest.raises(BadInput, match="no GGUF model"):
        server(text)
    torn = tmp_path / "torn.gguf"
    with MODEL.open("rb") as whole:
        torn.write_bytes(whole.read(1 << 20))
    with pytest.raises(BadInput, match="no GGUF model"):
        server(torn)


def test_xllamacpp_is_not_installed() -> None:
    code = "import sys; sys.modules['xllamacpp'] = None\n"
    code += "from copilot_magics.local import server; server(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", code, MODEL], capture_output=True, text=True)
    assert "pip install 'copilot-magics[local]'" in done.stderr.splitlines()[-1]
