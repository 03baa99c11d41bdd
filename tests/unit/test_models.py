"""Which models a provider says that it offers, and what its key is not sent to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from scripted import ScriptedServer

from copilot_magics.errors import CopilotError
from copilot_magics.models import offered
from copilot_magics.providers import Provider

pytestmark = pytest.mark.usefixtures("home")


async def test_a_provider_lists_its_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", "key")
    with ScriptedServer() as server:
        known = await offered(Provider("openai", f"{server.url}/", "K"))
        assert known == ["scripted", "scripted-mini"]
        assert await offered(Provider("azure", server.url, "K")) is None


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(dict(self.headers))  # type: ignore[attr-defined]
        self.send_response(302)
        self.send_header("location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def redirecting() -> Iterator[Any]:
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        server.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_a_key_follows_no_redirect(redirecting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", "key")
    url = f"http://127.0.0.1:{redirecting.server_port}/v1"
    assert await offered(Provider("openai", url, "K")) is None
    assert len(redirecting.seen) == 1


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as server:
        url = server.url
    with pytest.raises(CopilotError, match="could not be reached"):
        await offered(Provider("openai", url))
