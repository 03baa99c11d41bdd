"""Each fault of a provider ends the cell with one sentence, and the session goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import Notebook
from scripted import ScriptedServer

StartNotebook = Callable[..., Notebook]


@pytest.fixture
def nb(notebook: StartNotebook) -> Notebook:
    nb = notebook()
    nb.run("%load_ext copilot_magics")
    bound = nb.run("%copilot_session chat")
    assert bound.status == "ok", bound.outputs
    return nb


def fails(nb: Notebook, fault: str, told: str) -> None:
    """Check that a fault is told in one error, and that the next prompt is answered."""
    cell = nb.run(f"%%copilot\n{fault}")
    assert cell.ename == "TurnFailed", cell.outputs
    assert cell.evalue.startswith(told), cell.evalue
    assert cell.error is not None
    assert cell.error["traceback"] == [f"TurnFailed: {cell.evalue}"]
    assert "\n" not in cell.evalue
    assert "http://" not in cell.evalue
    assert cell.stderr == ""
    after = nb.run(f"%%copilot\nsay: after {fault}")
    assert f"after {fault}" in after.text, after.outputs


def test_what_is_told_at_once(nb: Notebook, provider: ScriptedServer) -> None:
    for fault, told in {
        "http 400": "The provider refused the request as invalid (Invalid value for 'messages').",
        "http 401": "The provider refused the key (HTTP 401).",
        "http 402": "The quota at the provider is exhausted",
        "http 403": "The provider forbids this (HTTP 403).",
        "http 404": "The provider does not know the model or the URL (HTTP 404).",
        "quota": "The quota at the provider is exhausted.",
        "empty": "The provider's answer was empty.",
    }.items():
        fails(nb, fault, told)
    # In a session of its own: the runtime sums the history up first, with whatever that says.
    nb.run("%copilot_session long")
    fails(nb, "http 413", "The prompt and its history are too long for the model.")
    caught = nb.run(
        "try:\n    get_ipython().run_cell_magic('copilot', '', 'http 400')\n"
        "except Exception as error:\n    print(error.reply.outcome, error.reply.session)"
    )
    assert caught.stdout.endswith("failed long\n")
    assert "Its last turn failed" in nb.run("%copilot_session").stdout
    # What is mended by trying again is no failure.
    assert "mended" in nb.run("%%copilot\nhttp 500 once\nsay: mended").text


def test_what_is_tried_again_for_some_seconds(nb: Notebook) -> None:
    fails(nb, "cut", "The answer was cut off in the middle, also after several tries.")
    fails(nb, "malformed", "The provider's answer could not be understood.")
    fails(nb, "http 429 retry-after 1", "The provider has had too many requests (HTTP 429)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("http 500", "The provider has a fault of its own (HTTP 500), also after several tries."),
        ("http 503", "The provider has a fault of its own (HTTP 503), also after several tries."),
    ],
)
def test_what_is_tried_again_for_long(nb: Notebook, fault: str, told: str) -> None:
    fails(nb, fault, told)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_too_many_requests_without_a_word_on_when(nb: Notebook) -> None:
    cell = nb.run("%%copilot\nhttp 429", timeout=120)
    assert cell.evalue.startswith("The provider has had too many requests (HTTP 429)")


@pytest.mark.slow
def test_a_provider_that_is_not_there(nb: Notebook, provider: ScriptedServer) -> None:
    provider.close()
    cell = nb.run("%%copilot\nhello")
    assert cell.ename == "TurnFailed"
    assert cell.evalue.startswith("The provider could not be reached.")
    with ScriptedServer(key=provider.key, port=int(provider.url.split(":")[2].split("/")[0])):
        assert "again" in nb.run("%%copilot\nsay: again").text


def test_a_failure_stops_the_cells_behind_it(nb: Notebook) -> None:
    failing = nb.start("%%copilot\nhttp 400")
    behind = nb.start("%%copilot\nsay: never")
    assert failing.result().status == "error"
    assert behind.result().status == "aborted"
