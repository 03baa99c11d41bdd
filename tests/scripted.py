"""A language model that says what the prompt tells it to: OpenAI's API on loopback, deterministic.

The tests run the real runtime; only the model is played, by this server. `directives` is the
language in which a prompt says what it wants. Tests wait for what they want to see (`wait_for`,
`wait_for_request`, `wait_reached`), never for time to pass.

Run as a program, it prints its URL and serves until it is ended.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Any, Self

from directives import (
    REFUSALS,
    Call,
    Cut,
    Drip,
    Garbage,
    Json,
    Refuse,
    Request,
    Say,
    Step,
    Wait,
    steps,
)

MODELS = ("scripted", "scripted-mini")
PATIENCE = 30.0
UNTRUSTED = Path(__file__).with_name("untrusted.pem")
"""A certificate for 127.0.0.1 that nobody has signed, and its key."""


class Latch:
    """An event that can be waited for together with sockets: ``signal`` turns readable."""

    def __init__(self) -> None:
        self.signal, self._other_end = socket.socketpair()
        self.reached = threading.Event()

    def open(self) -> None:
        """Let everyone through, now and later."""
        self._other_end.close()


class ScriptedServer:
    """The server, on loopback, in threads of this process.

    Parameters
    ----------
    key : str, optional
        Refuse requests that do not carry it as their bearer token.
    port : int
        Where to listen; 0 takes a free port.
    answers : mapping of str to str, optional
        The directives that plain prompts stand for, where a person is to read them.
    certificate : Path, optional
        Speak TLS, with this certificate and its key.
    """

    def __init__(
        self,
        *,
        key: str = "",
        port: int = 0,
        answers: Mapping[str, str] | None = None,
        certificate: Path | None = None,
    ) -> None:
        self.key = key
        self.answers = answers or {}
        self.requests: list[Request] = []
        self.spent: set[str] = set()
        self.closing = Latch()
        self._changed = threading.Condition()
        self._gates: dict[str, Latch] = {}
        self._http = _Http(("127.0.0.1", port), self)
        self._scheme = "http"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The provider's base URL."""
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}/v1"

    @property
    def last(self) -> Request:
        """The newest request."""
        return self.requests[-1]

    def prompts(self) -> list[str]:
        """Return each request's last user message, retries and tool rounds included."""
        return [request.prompt for request in list(self.requests)]

    def wait_for(self, count: int, timeout: float = PATIENCE) -> list[Request]:
        """Wait until so many requests have come, and return all there are."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout):
                raise TimeoutError(f"{len(self.requests)} requests came, not {count}")
            return list(self.requests)

    def wait_for_request(
        self, wanted: Callable[[Request], bool], timeout: float = PATIENCE
    ) -> Request:
        """Wait until a request is as wanted, and return the first that is."""

        def first() -> Request | None:
            return next(filter(wanted, self.requests), None)

        with self._changed:
            request = self._changed.wait_for(first, timeout)
        if request is None:
            raise TimeoutError(f"no such request; there were {self.prompts()}")
        return request

    def wait_reached(self, gate: str, timeout: float = PATIENCE) -> None:
        """Wait until an answer stands before a gate: its first half has been sent."""
        if not self.gate(gate).reached.wait(timeout):
            raise TimeoutError(f"nothing reached the gate {gate!r}; there were {self.prompts()}")

    def release(self, gate: str) -> None:
        """Open a gate, for the answer that waits there and all that come."""
        self.gate(gate).open()

    def gate(self, name: str) -> Latch:
        """Return a gate, made when first named."""
        with self._changed:
            if name not in self._gates:
                self._gates[name] = Latch()
            return self._gates[name]

    def record(self, request: Request) -> None:
        """Keep a request, and tell those who wait for it."""
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def close(self) -> None:
        """Hang up on everyone; afterwards connections are refused."""
        self._http.shutdown()
        self._http.server_close()
        self.closing.open()
        self._http.hang_up()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], scripted: ScriptedServer) -> None:
        self.scripted = scripted
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for connection in list(self._connections):
            # The handler thread may be closing it at this moment.
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Else each small delta waits for the acknowledgement of the one before.
    disable_nagle_algorithm = True
    server: _Http
    _dripping: Latch | None = None

    def do_GET(self) -> None:
        if self.path.split("?")[0].endswith("/models"):
            models = [{"id": name, "object": "model", "owned_by": "tests"} for name in MODELS]
            self._send_json(200, {"object": "list", "data": models})
        else:
            self._refuse(REFUSALS[404])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if not self.path.split("?")[0].endswith("/chat/completions"):
            self._refuse(REFUSALS[404])
            return
        scripted = self.server.scripted
        request = Request(json.loads(body), {k.lower(): v for k, v in self.headers.items()})
        scripted.record(request)
        if scripted.key and request.headers.get("authorization") != f"Bearer {scripted.key}":
            self._refuse(REFUSALS[401])
        elif request.body["model"] not in MODELS:
            self._refuse(REFUSALS[404])
        else:
            self._answer(request)

    def _answer(self, request: Request) -> None:
        scripted = self.server.scripted
        answer = steps(request, scripted.spent, scripted.answers)
        first = next(answer)
        if isinstance(first, Refuse):
            self._refuse(first)
            return
        played = self._play(itertools.chain([first], answer))
        try:
            if request.body.get("stream"):
                self._stream(request, played)
            else:
                self._send_whole(request, list(played))
        except _HungUp:
            request.abandoned.set()
            self.close_connection = True

    def _play(self, answer: Iterable[Step]) -> Iterator[Step]:
        """Do the waiting that the steps ask for, and hand on what is to be sent."""
        began = time.monotonic()
        for step in answer:
            if not isinstance(step, Wait):
                yield step
            elif step.gate:
                gate = self.server.scripted.gate(step.gate)
                gate.reached.set()
                self._wait(gate)
            elif step.seconds is None:
                self._wait()
            else:
                self._wait(timeout=began + step.seconds - time.monotonic())

    def _wait(self, *latches: Latch, timeout: float | None = None) -> bool:
        """Wait for a latch or until the time is up; whether it was a latch."""
        if timeout is not None and timeout <= 0:
            return False
        hung_up = [self.connection, self.server.scripted.closing.signal]
        # A client sends nothing while it is answered: its socket turns readable when it hangs up.
        ready = wait_for_any([*hung_up, *(latch.signal for latch in latches)], timeout)
        if any(socket in ready for socket in hung_up):
            raise _HungUp
        return bool(ready)

    def _stream(self, request: Request, answer: Iterator[Step]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        said: list[Step] = []
        for step in answer:
            if isinstance(step, Cut):
                self.close_connection = True
                return
            if isinstance(step, Drip):
                self._dripping = self.server.scripted.gate(step.gate)
            elif isinstance(step, Garbage):
                self._chunk(b'data: {"id": "broken", "choices": [{"delta"\n\n')
            else:
                said.append(step)
                self._event(_chunk(request, {"role": "assistant", **_delta([step])}))
        end = _chunk(request, {}, finish=_finish(said))
        self._event({**end, "usage": _usage(request, said)})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _send_whole(self, request: Request, answer: list[Step]) -> None:
        if any(isinstance(step, Cut | Drip | Garbage) for step in answer):
            self.close_connection = True
        else:
            self._send_json(200, _whole(request, answer))

    def _event(self, event: Json) -> None:
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        data = b"%x\r\n%b\r\n" % (len(data), data)
        try:
            while self._dripping and data:
                self.wfile.write(data[:1])
                data = data[1:]
                self._dripping.reached.set()
                if self._wait(self._dripping, timeout=1.0):
                    self._dripping = None
            self.wfile.write(data)
        except OSError as error:
            raise _HungUp from error

    def _refuse(self, refusal: Refuse) -> None:
        extra = {"retry-after": refusal.retry_after} if refusal.retry_after else {}
        self._send_json(refusal.status, refusal.body, extra)

    def _send_json(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what came is in `ScriptedServer.requests`."""


class _HungUp(Exception):
    """The client closed the connection, or the server is closing."""


def _delta(said: Iterable[Step]) -> Json:
    delta: Json = {}
    for step in said:
        if isinstance(step, Say):
            delta[step.key] = delta.get(step.key, "") + step.text
        elif isinstance(step, Call):
            delta["tool_calls"] = [
                {
                    "index": index,
                    "id": f"call_{time.monotonic_ns()}_{index}",
                    "type": "function",
                    "function": {"name": name, "arguments": arguments},
                }
                for index, (name, arguments) in enumerate(step.tools)
            ]
    return delta


def _finish(said: Iterable[Step]) -> str:
    return "tool_calls" if any(isinstance(step, Call) for step in said) else "stop"


def _usage(request: Request, said: list[Step]) -> Json:
    asked = len(json.dumps(request.messages)) // 4
    answered = sum(isinstance(step, Say) for step in said)
    return {
        "prompt_tokens": asked,
        "completion_tokens": answered,
        "total_tokens": asked + answered,
    }


def _head(request: Request, kind: str) -> Json:
    return {"id": "chatcmpl-scripted", "object": kind, "created": 0, "model": request.body["model"]}


def _chunk(request: Request, delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**_head(request, "chat.completion.chunk"), "choices": [choice]}


def _whole(request: Request, said: list[Step]) -> Json:
    message = {"role": "assistant", "content": None, **_delta(said)}
    choice = {"index": 0, "message": message, "finish_reason": _finish(said)}
    head = _head(request, "chat.completion")
    return {**head, "choices": [choice], "usage": _usage(request, said)}


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="")
    options = parser.parse_args()
    with ScriptedServer(key=options.key, port=options.port) as server:
        print(server.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
