"""The answer while it comes: where it is cut, how it is closed, and how many bytes it costs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from directives import markdown
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from copilot_magics.display import prompts
from copilot_magics.display.stream import Notebook, final_bundle, split_point
from copilot_magics.reply import Reply
from copilot_magics.toolcall import ToolCall
from copilot_magics.turn import Turn


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("one\n\ntwo", "two"),
        ("one\ntwo", "two"),
        ("One. Two", "Two"),
        ("one two", "two"),
        ("word", ""),
        ("", ""),
        ("one\n\n" + "x" * 201, ""),
        ("```\none two\nthree four", "three four"),
        ("a b\n\n```\nx\n```\nmore text", "```\nx\n```\nmore text"),
    ],
)
def test_a_text_is_cut_close_to_its_end(text: str, tail: str) -> None:
    assert text[split_point(text) :] == tail


class Screen:
    """What a front end would have: outputs by display ID, and every byte that it was sent."""

    def __init__(self) -> None:
        self.outputs: dict[Any, str] = {}
        self.sent = 0

    def publish(self, data: dict[str, str], update: bool = False, **told: Any) -> None:
        text = data.get("text/markdown", "")
        key = told.get("transient", {}).get("display_id", len(self.outputs))
        assert update is (key in self.outputs)
        self.outputs[key] = text
        if not text.startswith("*"):
            self.sent += len(text.encode())

    def clear_output(self, wait: bool = False) -> None:
        self.outputs.clear()

    @property
    def answer(self) -> str:
        """What is shown but for the status, which the first drawing may hold both of."""
        shown = (
            text.partition("\n\n")[2] if text.startswith("*") else text
            for text in self.outputs.values()
        )
        return "\n".join(filter(None, shown))


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    shell = InteractiveShell.instance()
    found, publisher = Screen(), CapturingDisplayPublisher()
    monkeypatch.setattr(publisher, "publish", found.publish, raising=False)
    monkeypatch.setattr(publisher, "clear_output", found.clear_output, raising=False)
    monkeypatch.setattr(shell, "display_pub", publisher)
    yield found
    InteractiveShell.clear_instance()


def words(text: str) -> str:
    """Return a text without what opens and closes its fences."""
    return re.sub(r"[`\n]|python", "", text)


def pieces(text: str, number: int) -> list[str]:
    edges = [len(text) * n // number for n in range(number + 1)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


@pytest.mark.parametrize("text", [markdown(50_000), "word " * 10_000, "x" * 50_000])
def test_a_long_answer_costs_less_than_three_times_its_size(screen: Screen, text: str) -> None:
    turn = Turn("")
    view = Notebook(prompts.by_buttons, whole_cell=True, live=True)
    # At 500 pieces a second, a drawing each 0.05 s, the most that is allowed, takes in 25.
    for n, piece in enumerate(pieces(text, 10_000)):
        turn._delta(SimpleNamespace(delta_content=piece))
        if n % 25 == 24:
            view.draw(turn)
            assert words(screen.answer) == words(turn.text)
    turn._message(SimpleNamespace(content=text))
    turn.end("answered")
    view.finish(turn, Reply.of(turn))
    (final,) = screen.outputs.values()
    assert final.startswith(text)
    print(f"sent {screen.sent / len(text):.2f} times the answer's size")
    assert screen.sent < 3 * len(text)


def test_a_page_is_not_given_more_than_it_can_draw(screen: Screen) -> None:
    turn = Turn("")
    view = Notebook(prompts.by_buttons, whole_cell=True, live=True)
    for piece in pieces("word " * 400_000, 100):
        turn._delta(SimpleNamespace(delta_content=piece))
        view.draw(turn)
    turn.end("answered")
    reply = Reply.of(turn)
    view.finish(turn, reply)
    (final,) = screen.outputs.values()
    assert "> The first 200,000 of 2,000,000 characters; the reply's `.text` has all" in final
    assert len(reply.text) == 2_000_000
    assert screen.sent < 3 * 200_000


def test_an_answer_that_starts_over_is_not_shown_twice(screen: Screen) -> None:
    turn = Turn("")
    view = Notebook(prompts.by_buttons, whole_cell=True, live=True)
    turn._delta(SimpleNamespace(delta_content="Half an answer, and"))
    view.draw(turn)
    turn._started_over(SimpleNamespace())
    view.draw(turn)
    turn._delta(SimpleNamespace(delta_content="The whole answer."))
    view.draw(turn)
    assert screen.answer == "The whole answer."


def test_the_static_output_shows_notices_and_markup_as_text() -> None:
    turn = Turn("")
    turn.session = "a_b_c"
    turn._message(SimpleNamespace(content="```\nopen"))
    turn.end("answered")
    call = ToolCall("ba_sh", "ls <b>", {"command": "ls <b>\n```", "n": 1}, True, "</details>")
    bundle = final_bundle(Reply.of(turn), ["Refused: <b>*x*</b>"], [call])
    assert bundle["text/markdown"].startswith(
        "> Refused: &lt;b&gt;\\*x\\*&lt;/b&gt;\n\n"
        "<details><summary>✓ ba&#95;sh <code>ls &#60;b&#62;</code></summary>\n\n"
        "Arguments:\n\n````text\ncommand:\nls <b>\n```\nn: 1\n````\n\n"
        "Result:\n\n```text\n</details>\n```\n\n</details>\n\n"
        "```\nopen\n```"
    )
    assert "<sub>a\\_b\\_c · " in bundle["text/markdown"]
    assert bundle["text/plain"].startswith(
        "Refused: <b>*x*</b>\n· ba_sh ls <b>\n```\nopen\n```\n[a_b_c · "
    )
