"""The local model's server: every door of it wants the key, and there is none but on loopback.

`tests/unit/local/test_model.py` shows that it listens on 127.0.0.1 alone, and that a wrong key is
refused a chat.
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from kernels import Notebook, processes_of

Start = Callable[..., Notebook]

OPEN = {("GET", "/health"), ("GET", "/v1/health")}
"""What llama.cpp answers to all: that it lives, and nothing else."""

ABSENT = {("GET", "/"), ("GET", "/index.html"), ("GET", "/favicon.ico")}
DOORS = [
    *(
        ("GET", path)
        for path in (
            "/models", "/v1/models", "/props", "/slots", "/metrics", "/lora-adapters", "/api/tags",
            "/ui", "/cors-proxy", "/tools", "//v1/models", "/V1/models", "/health/../v1/models",
        )
    ),
    *(
        ("POST", path)
        for path in (
            "/completion", "/completions", "/v1/completions", "/chat/completions",
            "/v1/chat/completions", "/api/chat", "/v1/responses", "/v1/messages", "/infill",
            "/embedding", "/embeddings", "/v1/embeddings", "/tokenize", "/detokenize",
            "/apply-template", "/rerank", "/v1/rerank", "/slots/0?action=save",
            "/slots/0?action=restore", "/props", "/lora-adapters", "/models/load",
            "/models/unload",
        )
    ),
]  # fmt: skip


def answer(address: tuple[str, int], method: str, path: str, **headers: str) -> tuple[int, bytes]:
    """Ask once, and return the status and the answer."""
    connection = http.client.HTTPConnection(*address, timeout=20)
    body = b"{}" if method == "POST" else None
    connection.request(method, path, body, {"Content-Type": "application/json", **headers})
    with connection.getresponse() as response:
        found = response.status, response.read()
    connection.close()
    return found


@pytest.mark.timeout(300)
def test_every_door_wants_the_key_and_the_key_is_nowhere_else(
    plain_notebook: Start, runtime_path: Path, local_model: None, home: Path, tmp_path: Path
) -> None:
    told = tmp_path / "told"
    kernel = plain_notebook(tmp_path / "work")
    kernel.run("%load_ext copilot_magics\n%copilot_session small --provider local")
    assert kernel.run("%%copilot\nWhat is the capital of France?").status == "ok"
    kernel.run(
        "from copilot_magics.local import server\n"
        f"with open({str(told)!r}, 'w') as file:\n"
        "    print(server().base_url, server().api_key, file=file)\n"
        "print(server(), [server()])"
    )
    url, key = told.read_text().split()
    told.unlink()
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    assert parts.port is not None
    address = ("127.0.0.1", parts.port)
    assert len(key) >= 40

    assert answer(address, "GET", "/v1/models", Authorization=f"Bearer {key}")[0] == 200
    for method, path in DOORS:
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": f"Bearer {key[:-1]}"},
            {"Authorization": f"Bearer {key}x"},
            {"Authorization": f"Basic {key}"},
            {"X-Api-Key": key[:-1], "Cookie": f"key={key}"},
        ):
            status, said = answer(address, method, path, **headers)
            assert status in (401, 404), (method, path, headers)
            assert key.encode() not in said
        assert answer(address, method, f"{path}?api_key={key}")[0] in (401, 404)
    for method, path in OPEN:
        assert answer(address, method, path) == (200, b'{"status":"ok"}')
    for method, path in ABSENT:
        assert answer(address, method, path)[0] in (401, 404)

    # Nobody listens there on another address of this machine.
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None)} | {"::1"}
    mine = (a.address for found in psutil.net_if_addrs().values() for a in found)
    others |= {ip for ip in mine if ip.count(".") == 3}
    for other in others - {"127.0.0.1"}:
        family = socket.AF_INET6 if ":" in other else socket.AF_INET
        with socket.socket(family) as closed, pytest.raises(OSError, match=r".*"):
            closed.connect((other, parts.port))

    assert key not in str([cell.messages for cell in kernel.cells])
    for process in processes_of(home):
        assert key not in str(process.environ()) + str(process.cmdline())
    kernel.kill()
    for path in (path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()):
        assert key.encode() not in path.read_bytes(), path
    assert os.path.exists(home / "session-state" / "small" / "events.jsonl")
