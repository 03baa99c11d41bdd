"""The scripted model keeps its word: directives in, OpenAI's API out."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Any

import pytest
import scripted
from directives import SUMMARY, Json, markdown
from scripted import UNTRUSTED, ScriptedServer


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def post(server: ScriptedServer, prompt: str | list[Json], **options: Any) -> Any:
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    key = options.pop("key", "any")
    body = {"model": "scripted", "messages": messages, **options}
    return urllib.request.urlopen(
        urllib.request.Request(
            f"{server.url}/chat/completions",
            json.dumps(body).encode(),
            {"authorization": f"Bearer {key}"},
        )
    )


def ask(server: ScriptedServer, prompt: str | list[Json], **options: Any) -> Json:
    message: Json = json.load(post(server, prompt, **options))["choices"][0]["message"]
    return message


def events(response: Any) -> Iterator[Json]:
    for line in response:
        if line.startswith(b"data: {"):
            yield json.loads(line[6:])


def streamed(server: ScriptedServer, prompt: str) -> str:
    deltas = [e["choices"][0]["delta"] for e in events(post(server, prompt, stream=True))]
    return "".join(delta.get("content", "") for delta in deltas)


def test_plain_text_comes_back_without_the_wrapper(server: ScriptedServer) -> None:
    wrapped = "<current_datetime>2026-11-23T06:40:12</current_datetime>\n\nhello"
    assert ask(server, wrapped)["content"] == "You said: hello"
    assert server.prompts() == ["hello"]
    assert server.last.body["model"] == "scripted"


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("say: two\\nlines", "two\nlines"),
        ("some context\nsay: found\nmore context", "found"),
        ("stream 3 tokens at 1000/s", "tok1 tok2 tok3"),
        ("bytes 500 in 7 deltas over 0.01 seconds", markdown(500)),
        ("empty", ""),
        ("Please create a detailed summary of the conversation so far.\nsay: no", SUMMARY),
    ],
)
def test_streamed_and_whole_answers_agree(server: ScriptedServer, prompt: str, answer: str) -> None:
    assert ask(server, prompt)["content"] == answer
    assert streamed(server, prompt) == answer


def test_the_last_chunk_says_why_it_ended_and_what_it_cost(server: ScriptedServer) -> None:
    *_, last = events(post(server, "stream 3 tokens at 1000/s", stream=True))
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens"] == 3
    assert last["usage"]["prompt_tokens"] > 0


def test_a_stream_keeps_its_pace(server: ScriptedServer) -> None:
    began = time.monotonic()
    streamed(server, "stream 11 tokens at 20/s")
    assert time.monotonic() - began >= 0.5


def test_recall_lists_what_was_shown(server: ScriptedServer) -> None:
    conversation: list[Json] = [
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": [{"type": "text", "text": "second"}]},
        {"role": "user", "content": "recall"},
    ]
    assert ask(server, conversation)["content"] == "- first\n- second"
    assert ask(server, "recall")["content"] == "Nothing was said before."


def test_what_was_summed_up_counts_as_said(server: ScriptedServer) -> None:
    summed_up = (
        "Some of the conversation history has been summarized to free up context.\n\n"
        "<user_message>\nfirst\n</user_message>\n<user_message>\nrecall\n</user_message>\n"
        f"<summary>\n{SUMMARY}\n</summary>"
    )
    assert ask(server, summed_up)["content"] == "- first"


def test_thoughts_come_before_the_answer(server: ScriptedServer) -> None:
    message = ask(server, "think: hmm\nsay: ok")
    assert (message["reasoning_content"], message["content"]) == ("hmm", "ok")


def test_a_gate_holds_the_second_half(server: ScriptedServer) -> None:
    response = post(server, "gate one", stream=True)
    server.wait_reached("one")
    deltas = (e["choices"][0]["delta"].get("content") for e in events(response))
    assert next(deltas) == "Before one."
    server.release("one")
    assert next(deltas) == " After one."
    assert streamed(server, "gate one") == "Before one. After one."


def test_tools_are_called_in_rounds_and_their_results_told(server: ScriptedServer) -> None:
    prompt = 'tool bash {"command": "a"}\nask {"question": "b"}\nthen tool view {"path": "c"}'
    conversation: list[Json] = [{"role": "user", "content": prompt}]
    called = []
    for _ in range(2):
        message = ask(server, conversation)
        conversation.append(message)
        for call in message["tool_calls"]:
            called.append(call["function"]["name"])
            result = {"role": "tool", "tool_call_id": call["id"], "content": f"done {called[-1]}"}
            conversation.append(result)
    assert called == ["bash", "ask_user", "view"]
    answer = ask(server, conversation)["content"]
    assert answer == "Tool said: done bash\ndone ask_user\ndone view"
    ids = [m["tool_call_id"] for m in conversation if m["role"] == "tool"]
    assert len(set(ids)) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 429, 500, 503])
def test_http_faults_look_like_openai(server: ScriptedServer, status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, f"http {status}")
    assert caught.value.code == status
    assert json.load(caught.value)["error"].keys() == {"message", "type", "param", "code"}


def test_retry_after_and_quota(server: ScriptedServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, "http 429 retry-after 2")
    assert caught.value.headers["retry-after"] == "2"
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, "quota")
    assert json.load(caught.value)["error"]["code"] == "insufficient_quota"


def test_once_is_once(server: ScriptedServer) -> None:
    with pytest.raises(urllib.error.HTTPError):
        ask(server, "http 500 once\nsay: mended")
    assert ask(server, "http 500 once\nsay: mended")["content"] == "mended"


def test_a_prompt_that_is_too_long_is_refused_as_openai_does(server: ScriptedServer) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, "too long")
    assert caught.value.code == 400
    assert json.load(caught.value)["error"]["code"] == "context_length_exceeded"


def test_what_a_tool_is_called_with_need_not_be_json(server: ScriptedServer) -> None:
    (call,) = ask(server, 'tool view {"path": "a')["tool_calls"]
    assert call["function"]["arguments"] == '{"path": "a'


def test_a_dripping_answer_is_whole_in_the_end(server: ScriptedServer) -> None:
    response = post(server, "drip until enough", stream=True)
    server.wait_reached("enough")
    server.release("enough")
    deltas = (e["choices"][0]["delta"].get("content", "") for e in events(response))
    assert "".join(deltas) == "Drop by drop."


def test_a_server_with_a_certificate_speaks_tls() -> None:
    with ScriptedServer(certificate=UNTRUSTED) as server:
        with pytest.raises(urllib.error.URLError, match="self-signed certificate"):
            ask(server, "hello")
        trusting = ssl.create_default_context(cafile=str(UNTRUSTED))
        with urllib.request.urlopen(f"{server.url}/models", context=trusting) as response:
            assert json.load(response)["data"]


def test_a_cut_answer_breaks_off(server: ScriptedServer) -> None:
    with pytest.raises(IncompleteRead) as caught:
        post(server, "cut", stream=True).read()
    assert b"Half of an answer" in caught.value.partial


def test_malformed_events_are_not_json(server: ScriptedServer) -> None:
    with pytest.raises(json.JSONDecodeError):
        list(events(post(server, "malformed", stream=True)))


def test_a_silent_answer_ends_when_the_client_hangs_up(server: ScriptedServer) -> None:
    host = server.url.removeprefix("http://").removesuffix("/v1")
    connection = HTTPConnection(host)
    messages = [{"role": "user", "content": "silent after: a word"}]
    body = {"model": "scripted", "stream": True, "messages": messages}
    connection.request("POST", "/v1/chat/completions", json.dumps(body))
    response = connection.getresponse()
    assert b"a word" in response.readline() + response.readline()
    request = server.wait_for_request(lambda r: r.prompt.startswith("silent"))
    assert not request.abandoned.is_set()
    response.close()
    connection.close()
    assert request.abandoned.wait(10)


def test_the_key_and_the_model_are_checked() -> None:
    with ScriptedServer(key="right") as server:
        assert ask(server, "hello", key="right")
        for wrong, status in [({"key": "wrong"}, 401), ({"key": "right", "model": "gone"}, 404)]:
            with pytest.raises(urllib.error.HTTPError) as caught:
                ask(server, "hello", **wrong)
            assert caught.value.code == status


def test_models_are_listed(server: ScriptedServer) -> None:
    listed = json.load(urllib.request.urlopen(f"{server.url}/models"))
    assert [model["id"] for model in listed["data"]] == ["scripted", "scripted-mini"]


def test_many_connections_at_once(server: ScriptedServer) -> None:
    threads = [threading.Thread(target=streamed, args=(server, "gate all")) for _ in range(200)]
    for thread in threads:
        thread.start()
    server.wait_for(200)
    server.release("all")
    for thread in threads:
        thread.join()


def test_closing_hangs_up_and_refuses(server: ScriptedServer) -> None:
    response = post(server, "silent", stream=True)
    server.close()
    with pytest.raises(IncompleteRead):
        response.read()
    with pytest.raises(urllib.error.URLError):
        ask(server, "hello")


def test_as_a_program_it_prints_its_url() -> None:
    command = [sys.executable, str(Path(scripted.__file__)), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        url = program.stdout.readline().strip()
        try:
            assert json.load(urllib.request.urlopen(f"{url}/models"))["data"]
        finally:
            program.terminate()
