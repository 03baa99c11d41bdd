"""A conversation as one web page that needs nothing else and in which nothing can act."""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile import MARKDOWN
from journals import answer, event, prompt, sample, start, write_session
from pages import Page

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages

ATTRIBUTES = {
    ("html", "lang"),
    *(("meta", name) for name in ("charset", "http-equiv", "content", "name")),
    *(("a", name) for name in ("href", "target", "rel")),
    ("time", "datetime"),
    *((tag, "class") for tag in ("p", "section", "details", "div", "span")),
}


def test_a_real_session(home: Path) -> None:
    sample(home)
    text = get_messages("rich").copilot.to_html(title="A & B")
    for part in (
        "<title>A &amp; B</title>",
        "@media (prefers-color-scheme: dark)",
        "<h1>A &amp; B</h1>",
        "Session <code>rich</code>",
        "<section class='prompt'><h2>You <time datetime='2026-11-23T06:46:02Z'>"
        "2026-11-23 06:46 UTC</time></h2>\n<p>say: hello there</p>",
        "<section class='answer'><h2>scripted ",
        "<details><summary>bash echo hi &quot;there&quot; &amp;&amp; exit 3</summary>",
        "<details class='failed'><summary>view /nonexistent (failed)</summary>",
        "<section class='error'>",
        '<span class="n">value</span>',
    ):
        assert part in text
        text = text.partition(part)[2]


def test_nothing_is_fetched_and_nothing_can_act(home: Path) -> None:
    lines = [start()]
    for bad in MARKDOWN:
        data = {"toolCallId": "c", "toolName": bad, "arguments": {"command": bad, bad: bad}}
        lines += [
            prompt(bad),
            answer(bad),
            event("tool.execution_start", data),
            event("tool.execution_complete", {"toolCallId": "c", "error": {"message": bad}}),
            event("assistant.message", {"content": "x", "model": bad}),
            event("session.error", {"message": bad}),
        ]
    write_session(home, "s", *lines)
    frame = get_messages("s").assign(session="</title><script>x()</script>")
    text = frame.copilot.to_html()
    page = Page(text)
    assert page.attributes <= ATTRIBUTES
    assert page.tags.isdisjoint({"script", "img", "iframe", "svg", "object", "link", "form"})
    assert page.links
    assert all(link.startswith(("https://", "http://")) for link in page.links if ":" in link)
    assert "default-src 'none'; style-src 'unsafe-inline'" in text
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    for unseen in "\x1b\x9b\u202e\u2067":
        assert unseen not in text


def test_pictures_are_links(home: Path) -> None:
    write_session(home, "s", start(), answer("![a picture](https://example.invalid/x.png)"))
    text = get_messages("s").copilot.to_html()
    assert 'href="https://example.invalid/x.png"' in text
    assert ">a picture</a>" in text


def test_written_to_a_file(home: Path, tmp_path: Path) -> None:
    write_session(home, "s", start(), prompt("größer"))
    frame = get_messages("s")
    for write, name in ((frame.copilot.to_html, "a.html"), (frame.copilot.to_markdown, "a.md")):
        path = tmp_path / name
        path.write_text("what was there before")
        assert write(path) is None
        assert path.read_text(encoding="utf-8") == write()
        with pytest.raises(BadInput, match=r"There is no folder .*nowhere"):
            write(tmp_path / "nowhere" / name)


def test_no_messages(home: Path) -> None:
    write_session(home, "s", start())
    frame = get_messages("s")
    assert "<p>No messages.</p>" in frame.head(0).copilot.to_html()
    assert "<h1>s</h1>" in frame.copilot.to_html()


@pytest.mark.parametrize("timestamp", [None, "", "yesterday", "2026-03-01T24:61:00Z"])
def test_what_was_said_at_no_known_time_is_told(home: Path, timestamp: object) -> None:
    write_session(
        home,
        "a",
        prompt("what", timestamp=timestamp),
        answer("that", timestamp=timestamp),
        event("session.error", {"message": "broken"}, timestamp=timestamp),
    )
    messages = get_messages("a").copilot
    for text in (messages.to_html(), messages.to_markdown()):
        assert all(word in text for word in ("what", "that", "broken"))
