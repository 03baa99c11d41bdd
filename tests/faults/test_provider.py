"""Each fault of a provider ends the cell with one sentence, or is shown while one waits for it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cells import Cell
from conftest import KEY
from directives import SUMMARY, Request, markdown
from figures import Fault, FaultOf
from kernels import Notebook
from scripted import UNTRUSTED, ScriptedServer

Start = Callable[..., Notebook]

CUT = "The answer was cut off in the middle, also after several tries."
AT_ONCE = {
    "http 400": "The provider refused the request as invalid (Invalid value for 'messages').",
    "http 401": "The provider refused the key (HTTP 401).",
    "http 402": "The quota at the provider is exhausted",
    "http 403": "The provider forbids this (HTTP 403).",
    "http 404": "The provider does not know the model or the URL (HTTP 404).",
    "quota": "The quota at the provider is exhausted.",
    "empty": "The provider's answer was empty.",
    "http 429 retry-after 1000000000": "The provider has had too many requests (HTTP 429), and "
    "asks to wait longer than is waited for here (Rate limit reached for requests).",
    "too long": "The prompt and its history are too long for the model.",
}
TRIED_AGAIN = {
    "cut": CUT,
    "malformed": "The provider's answer could not be understood.",
    "http 429 retry-after 1": "The provider has had too many requests (HTTP 429)",
    "http 500": "The provider has a fault of its own (HTTP 500), also after several tries.",
    "http 503": "The provider has a fault of its own (HTTP 503), also after several tries.",
}
OTHER_APIS = {
    "page": (
        200,
        {"content-type": "text/html"},
        b"<h1>Sign in</h1>",
        "The provider's answer could not be understood.",
    ),
    "moved": (
        302,
        {"location": "https://login.invalid/"},
        b"",
        "The provider redirects elsewhere (HTTP 302).",
    ),
    "in-a-circle": (
        307,
        {"location": "/in-a-circle/chat/completions"},
        b"",
        "The provider redirects elsewhere, again and again.",
    ),
}
"""What answers instead of an API, by the path in its URL, and what is told of it."""

FILTERED = {
    "id": "x",
    "object": "chat.completion.chunk",
    "created": 0,
    "model": "scripted",
    "choices": [{"index": 0, "delta": {"content": "Half"}, "finish_reason": "content_filter"}],
}
HERE = "--provider openai --api-key-env SCRIPTED_KEY --model scripted --base-url"
ATTEMPTS = """
import asyncio, json, os
from copilot_magics import Session
os.environ["SCRIPTED_KEY"] = {key!r}
async def attempt(session, url, prompt):
    options = dict(provider="openai", api_key_env="SCRIPTED_KEY", model="scripted")
    try:
        await Session(session, base_url=url, **options).aask(prompt)
    except Exception as error:
        reply = error.reply
        kept = prompt in set(reply.messages.content)
        return [type(error).__name__, str(error), reply.outcome, reply.text, reply.duration, kept]
attempts = [asyncio.create_task(attempt(*each)) for each in {each!r}]
"""
SAID = """
import json
found = get_messages({session!r}, types=["user.message", "assistant.message"])
print(json.dumps([[str(turn), text] for turn, text in zip(found.turn, found.content.fillna(''))]))
"""


class _OtherApis(BaseHTTPRequestHandler):
    """Answers every request as `OTHER_APIS` has it, or with an answer that is cut off."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        filtered = f"data: {json.dumps(FILTERED)}\n\ndata: [DONE]\n\n".encode()
        status, headers, body, _told = OTHER_APIS.get(
            self.path.split("/")[1], (200, {"content-type": "text/event-stream"}, filtered, "")
        )
        self.send_response(status)
        for name, value in (headers | {"content-length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        """Say nothing."""


@pytest.fixture
def other_apis() -> Iterator[str]:
    """Return the URL of what answers, but not as an API does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _OtherApis)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@dataclass
class Attempt:
    """A prompt of a session of its own, which is asked beside the others."""

    name: str
    url: str
    prompt: str
    told: str

    @property
    def session(self) -> str:
        """The session's ID."""
        return "".join(char if char.isalnum() else "-" for char in self.name)


@pytest.fixture
def nb(notebook: Start) -> Notebook:
    nb = notebook()
    bound = nb.run("%load_ext copilot_magics\n%copilot_session chat")
    assert bound.status == "ok", bound.outputs
    return nb


def test_every_fault_is_told_and_the_session_goes_on(
    nb: Notebook, provider: ScriptedServer, other_apis: str, fault: FaultOf
) -> None:
    with ScriptedServer(key=KEY, certificate=UNTRUSTED) as secure:
        attempts = begin_what_is_tried_again(nb, provider, secure, other_apis)
        # While those are being tried again, the notebook is used.
        for prompt, told in AT_ONCE.items():
            with fault(f"provider: {prompt}") as it:
                fails(nb, it, prompt, told)
        tool_calls_that_cannot_be(nb, provider, fault)
        a_history_that_is_too_long(nb, provider, fault)
        what_is_being_tried_again_is_shown(nb, provider, fault)
        one_character_a_second(nb, fault)
        an_answer_that_stops_halfway(nb, provider, fault)
        end_what_is_tried_again(nb, provider, fault, attempts)
    told = nb.run(f"%copilot_session filtered {HERE} {other_apis}/filter\n%copilot hello")
    assert "Half" in told.text
    assert "The provider's content filter cut the answer off." in told.text
    nb.run("%copilot_session chat")
    failing = nb.start("%%copilot\nhttp 400")
    behind = nb.start("%%copilot\nsay: never")
    assert failing.result().status == "error"
    assert behind.result().status == "aborted"


def fails(nb: Notebook, it: Fault, prompt: str, told: str, session: str = "chat") -> None:
    """Check that a fault is told in one error, and that the next prompt is answered."""
    it.strikes()
    cell = nb.run(f"%%copilot --session {session}\n{prompt}")
    it.told(within=15)
    assert cell.ename == "TurnFailed", cell.outputs
    assert cell.error is not None
    assert cell.error["traceback"] == [f"TurnFailed: {cell.evalue}"]
    assert cell.stderr == ""
    is_one_sentence(cell.evalue, told)
    goes_on(nb, it, prompt, session)


def is_one_sentence(text: str, told: str) -> None:
    assert text.startswith(told), text
    assert "\n" not in text
    assert "http://" not in text


def goes_on(nb: Notebook, it: Fault, prompt: str, session: str = "chat") -> None:
    """Check how the last turn ended, and that the next is answered; the journal has both."""
    told = nb.run(f"%copilot_session {session}\n%copilot_session").stdout
    assert "its prompt is in the journal" in told, told
    answer = f"after {it.name}"
    cell = nb.run(f"%%copilot\nsay: {answer}")
    assert cell.status == "ok", cell.outputs
    assert answer in cell.text
    it.acknowledged += 1
    said = said_in(nb, session)
    turn = next((turn for turn, text in said if text == f"say: {answer}"), None)
    it.lost += [turn, answer] not in said
    assert it.lost == 0
    assert prompt in [text for _, text in said]
    nb.run("%copilot_session chat")


def said_in(nb: Notebook, session: str) -> list[list[str]]:
    """Return the turn and the text of each prompt and each answer in a session's DataFrame."""
    cell = nb.run(SAID.format(session=session))
    assert cell.status == "ok", cell.outputs
    found: list[list[str]] = json.loads(cell.stdout)
    return found


def last_about(provider: ScriptedServer, prompt: str) -> Request:
    """Return the newest request about a prompt; others may be on their way."""
    return [request for request in provider.requests if request.prompt == prompt][-1]


def begin_what_is_tried_again(
    nb: Notebook, provider: ScriptedServer, secure: ScriptedServer, other_apis: str
) -> list[Attempt]:
    nowhere = ScriptedServer()
    nowhere.close()
    attempts = [Attempt(prompt, provider.url, prompt, told) for prompt, told in TRIED_AGAIN.items()]
    attempts += [
        Attempt("refused", nowhere.url, "hello", "The provider could not be reached."),
        Attempt(
            "no such host",
            "http://provider.invalid/v1",
            "hello",
            "The provider's host name is not known.",
        ),
        Attempt("self-signed", secure.url, "hello", "The provider's certificate is not trusted."),
        Attempt(
            "TLS to a server without it",
            provider.url.replace("http", "https"),
            "hello",
            "No secure connection to the provider came about.",
        ),
    ]
    attempts += [
        Attempt(name, f"{other_apis}/{name}", "hello", told)
        for name, (_status, _headers, _body, told) in OTHER_APIS.items()
    ]
    each = [(attempt.session, attempt.url, attempt.prompt) for attempt in attempts]
    begun = nb.run(ATTEMPTS.format(key=KEY, each=each))
    assert begun.status == "ok", begun.outputs
    return attempts


def end_what_is_tried_again(
    nb: Notebook, provider: ScriptedServer, fault: FaultOf, attempts: list[Attempt]
) -> None:
    ended = nb.run("print(json.dumps(await asyncio.gather(*attempts)))")
    assert ended.status == "ok", ended.outputs
    for attempt, result in zip(attempts, json.loads(ended.stdout), strict=True):
        with fault(f"provider: {attempt.name}") as it:
            kind, text, outcome, said, it.seconds, kept = result
            assert (kind, outcome, kept) == ("TurnFailed", "failed", True)
            is_one_sentence(text, attempt.told)
            assert said == ("Half of an answer, and then" if attempt.told == CUT else "")
            if attempt.url != provider.url:
                # To another provider it goes when it is told to.
                told = nb.run(f"%copilot_session {attempt.session} {HERE} {provider.url}")
                assert told.status == "ok", told.outputs
            goes_on(nb, it, attempt.prompt, attempt.session)


def tool_calls_that_cannot_be(nb: Notebook, provider: ScriptedServer, fault: FaultOf) -> None:
    """The runtime answers them, the model hears it, and the turn goes on."""
    for name, call, told in (
        ("a tool call with broken JSON", 'tool view {"path": here}', "were not valid JSON"),
        ("a tool call that is cut off", 'tool bash {"command": "ls', "were not valid JSON"),
        ("a tool that does not exist", 'tool teleport {"to": "Mars"}', "does not exist"),
        ("a tool call without its arguments", "tool view {}", "Required"),
    ):
        with fault(f"provider: {name}") as it:
            cell = nb.run(f"%%copilot\n{call}")
            it.told(within=15)
            assert cell.status == "ok", cell.outputs
            assert f"<summary>✗ {call.split()[1]}" in cell.text
            assert "Tool said: " in cell.text
            request = last_about(provider, call)
            (heard,) = (m["content"] for m in request.since_prompt if m["role"] == "tool")
            assert told in heard
            assert nb.run("print(_.outcome)").stdout == "answered\n"
            it.acknowledged += 1
            said = said_in(nb, "chat")
            it.lost += said[-1][1] != f"Tool said: {heard}"
            assert it.lost == 0


def a_history_that_is_too_long(nb: Notebook, provider: ScriptedServer, fault: FaultOf) -> None:
    """Where the provider says so by HTTP 413 the runtime sums it up, and tries again."""
    nb.run("%copilot_session long\n%copilot say: first\n%copilot say: second")
    mended = "http 413 once\nrecall"
    with fault("provider: http 413 once") as it:
        cell = nb.run(f"%%copilot\n{mended}")
        it.told(within=15)
        assert "> The history had grown too long for the model" in cell.text, cell.outputs
        assert "- say: first\n- say: second" in cell.text
        assert SUMMARY in json.dumps(last_about(provider, mended).messages)
        it.acknowledged += 1
        said = said_in(nb, "long")
        it.lost += said[-1][1] != "- say: first\n- say: second"
        assert it.lost == 0
    with fault("provider: http 413") as it:
        fails(nb, it, "http 413", AT_ONCE["too long"], "long")


def what_is_being_tried_again_is_shown(
    nb: Notebook, provider: ScriptedServer, fault: FaultOf
) -> None:
    with fault("provider: http 500 once") as it:
        cell = nb.start("%%copilot\nhttp 500 once\nsay: mended")
        cell.wait_output(lambda cell: "*trying again after HTTP 500 · " in cell.text)
        it.told(within=15)
        assert cell.result().displays[0]["text/markdown"].startswith("mended\n")
    # How long it is tried is the runtime's affair, and whether one waits for it is the user's.
    with fault("provider: http 429") as it:
        cell = nb.start("%%copilot\nhttp 429")
        cell.wait_output(lambda cell: "*trying again after HTTP 429 · " in cell.text)
        it.told(within=15)
        nb.interrupt()
        assert cell.result().ename == "TurnInterrupted"
        goes_on(nb, it, "http 429")


def drawn(cell: Cell) -> list[str]:
    """Return the texts that were drawn, in order."""
    kinds = ("display_data", "update_display_data")
    contents = [m["content"] for m in cell.messages if m["msg_type"] in kinds]
    return [content["data"].get("text/markdown", "") for content in contents]


def one_character_a_second(nb: Notebook, fault: FaultOf) -> None:
    with fault("provider: one character a second"):
        cell = nb.run("%%copilot\nbytes 4 in 4 deltas over 4 seconds")
        grown = [text for text in drawn(cell) if text.startswith("#") and "<sub>" not in text]
        assert len(grown[0]) < len("## S")
        assert all("## S".startswith(text) for text in grown)
        assert cell.displays[0]["text/markdown"].startswith("## S\n")


def an_answer_that_stops_halfway(nb: Notebook, provider: ScriptedServer, fault: FaultOf) -> None:
    """It never closes: the user sees that nothing comes, for how long, and stops the cell."""
    with fault("provider: stops halfway, never closes") as it:
        cell = nb.start("%%copilot\nsilent after: Half of it.")
        cell.wait_output(lambda cell: "Half of it." in cell.text)
        it.strikes()
        cell.wait_output(lambda cell: "*answering" in cell.text and "nothing has come" in cell.text)
        it.told(within=15)
        request = provider.wait_for_request(lambda request: request.prompt.startswith("silent"))
        assert not request.abandoned.is_set()
        nb.interrupt()
        assert cell.result().ename == "TurnInterrupted"
        assert cell.displays[0]["text/markdown"].startswith("Half of it.\n")
        assert request.abandoned.wait(15)
        goes_on(nb, it, "silent after: Half of it.")


def test_twenty_megabytes_hang_neither_the_kernel_nor_the_page(
    nb: Notebook, provider: ScriptedServer, fault: FaultOf
) -> None:
    """What is sent to the page and stored in the notebook is bounded; the reply has it all."""
    size = 20_000_000
    nb.run(
        "import asyncio, hashlib, time\n"
        "pauses = [0.0]\n"
        "async def tick():\n"
        "    while True:\n"
        "        at = time.monotonic()\n"
        "        await asyncio.sleep(0.01)\n"
        "        pauses.append(time.monotonic() - at)\n"
        "ticking = asyncio.create_task(tick())"
    )
    with fault("provider: 20 MB") as it:
        before = nb.process.memory_info().rss
        cell = nb.run(f"%%copilot\nbytes {size} in 200 deltas over 0 seconds", timeout=100)
        grown = (nb.process.memory_info().rss - before) / 1e6
        assert cell.status == "ok", cell.outputs
        sent = sum(len(json.dumps(message["content"])) for message in cell.messages) / 1e6
        stored = len(json.dumps(cell.outputs)) / 1e6
        pause = float(nb.run("ticking.cancel()\nprint(max(pauses))").stdout)
        print(
            f"an answer of 20 MB: {sent:.1f} MB sent to the page, {stored:.1f} MB stored in the "
            f"notebook, the kernel's longest pause {pause:.1f} s, {grown:.0f} MB more memory"
        )
        assert sent < 3
        assert stored < 1
        assert pause < 15
        assert "> The first 200,000 of 20,000,000 characters" in cell.text
        text = markdown(size)
        assert cell.displays[0]["text/markdown"].startswith(text[:100_000])
        told = nb.run("print(len(_.text), hashlib.sha256(_.text.encode()).hexdigest())").stdout
        assert told == f"{size} {hashlib.sha256(text.encode()).hexdigest()}\n"
        it.acknowledged += 1
        kept = nb.run("print(_.messages.query(\"type == 'assistant.message'\").content.str.len())")
        it.lost += str(size) not in kept.stdout
        assert it.lost == 0
        assert "onwards" in nb.run("%%copilot\nsay: onwards").text


def test_one_byte_a_second_on_the_wire_is_shown_as_silence(
    nb: Notebook, provider: ScriptedServer, fault: FaultOf
) -> None:
    """What is no whole event yet cannot be shown, and what was waited for comes in the end."""
    with fault("provider: one byte a second") as it:
        cell = nb.start("%%copilot\ndrip until enough")
        provider.wait_reached("enough")
        it.strikes()
        cell.wait_output(lambda cell: "nothing has come for 1" in cell.text)
        it.told(within=15)
        provider.release("enough")
        assert cell.result().displays[0]["text/markdown"].startswith("Drop by drop.\n")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_too_many_requests_without_a_word_on_when(nb: Notebook, fault: FaultOf) -> None:
    with fault("provider: http 429, waited for") as it:
        cell = nb.start("%%copilot\nhttp 429")
        cell.wait_output(lambda cell: "*trying again after HTTP 429 · " in cell.text)
        it.told(within=15)
        assert cell.result(timeout=120).evalue.startswith(TRIED_AGAIN["http 429 retry-after 1"])
        goes_on(nb, it, "http 429")


@pytest.mark.slow
def test_a_provider_that_comes_back_is_noticed_by_the_cell_that_waits(
    nb: Notebook, provider: ScriptedServer, fault: FaultOf
) -> None:
    with fault("provider: refused, and back") as it:
        provider.close()
        cell = nb.start("%%copilot\nsay: back again")
        waiting = "*trying again: The provider could not be reached · "
        cell.wait_output(lambda cell: waiting in cell.text)
        it.told(within=15)
        port = int(provider.url.removesuffix("/v1").rpartition(":")[2])
        with ScriptedServer(key=KEY, port=port):
            assert cell.result().displays[0]["text/markdown"].startswith("back again\n")
        it.acknowledged += 1
        it.lost += ["1", "back again"] not in said_in(nb, "chat")
        assert it.lost == 0
