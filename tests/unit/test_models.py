"""Which models a provider says that it offers, and what its key is not sent to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import BaseRequestHandler, TCPServer
from typing import Any

import pytest
from scripted import ScriptedServer
from variables import variables_of

from copilot_magics.errors import CopilotError, ProviderUnavailable
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


@contextlib.contextmanager
def running(server: TCPServer) -> Iterator[Any]:
    """Have a server serve, in a thread of its own."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def redirecting() -> Iterator[Any]:
    with running(HTTPServer(("127.0.0.1", 0), _Elsewhere)) as server:
        server.seen = []
        yield server


async def test_a_key_follows_no_redirect(redirecting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K", "key")
    url = f"http://127.0.0.1:{redirecting.server_port}/v1"
    assert await offered(Provider("openai", url, "K")) is None
    assert len(redirecting.seen) == 1


class _Saying(BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(65536)
        self.request.sendall(self.server.said)  # type: ignore[attr-defined]


@pytest.fixture
def saying() -> Iterator[Any]:
    """A provider that says what a test has it say."""
    with running(TCPServer(("127.0.0.1", 0), _Saying)) as server:
        yield server


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
async def test_no_variable_of_an_error_holds_the_key(
    saying: Any, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K", "open-sesame")
    provider = Provider(kind, f"http://127.0.0.1:{saying.server_address[1]}", "K")
    for said, told in ((b"HTTP/1.1 401 No\r\n\r\n", "refused the key"), (b"", "not be reached")):
        saying.said = said
        with pytest.raises(ProviderUnavailable, match=told) as caught:
            await offered(provider)
        shown = variables_of(caught.value)
        assert "provider = Provider(" in shown
        assert "sesame" not in shown


async def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer() as server:
        url = server.url
    with pytest.raises(CopilotError, match="could not be reached"):
        await offered(Provider("openai", url))


@pytest.mark.parametrize(
    "said",
    [
        b"220 smtp.example.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"h-%d: x\r\n" % n for n in range(200)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n<html>Sign in</html>",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
    ],
    ids=["no HTTP", "cut off", "broken chunks", "many headers", "a page", "deep"],
)
async def test_what_is_no_list_of_models_is_none(saying: Any, said: bytes) -> None:
    saying.said = said
    assert await offered(Provider("openai", f"http://127.0.0.1:{saying.server_address[1]}")) is None
