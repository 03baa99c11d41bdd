"""A conversation as HTML, page by page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.display.picker.preview import preview


def kinds(html: str) -> list[str]:
    return re.findall(r'<article class="cm-item cm-(\w+)"', html)


def test_prompts_and_answers_are_markdown(home: Path) -> None:
    write_session(home, "s", start(), prompt("Is **this** bold?"), answer("`yes`"))
    html, beginning = preview("s", None)
    assert beginning is None
    assert kinds(html) == ["other", "user", "assistant"]
    assert "<header>You <time title=" in html
    assert "<p>Is <strong>this</strong> bold?</p>" in html
    assert "<header>m-1 " in html
    assert "<p><code>yes</code></p>" in html


def test_a_call_and_its_result_are_one_folded_line(home: Path) -> None:
    write_session(
        home,
        "s",
        prompt("p"),
        event(
            "tool.execution_start",
            {"toolCallId": "c", "toolName": "bash", "arguments": {"command": "ls <x>", "n": 1}},
        ),
        event("permission.requested", {"permissionRequest": {"toolCallId": "c"}}),
        event(
            "tool.execution_complete",
            {"toolCallId": "c", "success": True, "result": {"content": "a\nb & c"}},
        ),
        event("tool.execution_start", {"toolCallId": "d", "toolName": "view"}),
        event(
            "tool.execution_complete",
            {"toolCallId": "d", "success": False, "error": {"message": "no such file"}},
        ),
        event("tool.execution_start", {"toolCallId": "e", "toolName": "never-ended"}),
        answer("done"),
    )
    html, _ = preview("s", None)
    assert kinds(html) == ["user", "tool", "tool", "tool", "assistant", "other"]
    assert "<details><summary>✓ bash <code>ls &lt;x&gt;</code></summary>" in html
    assert "<pre>command: ls &lt;x&gt;\nn: 1</pre>" in html
    assert "<pre>a\nb &amp; c</pre></details>" in html
    assert "<summary>✗ view" in html
    assert "<pre>no such file</pre>" in html
    assert "<summary>… never-ended" in html


def test_nothing_is_left_out(home: Path) -> None:
    sample(home)
    html, beginning = preview("rich", None)
    while beginning is not None:
        more, beginning = preview("rich", beginning)
        html = more + html
    assert kinds(html).count("user") == 7
    assert kinds(html).count("error") == 1
    assert "system.message You are GitHub Copilot" in html
    assert "session.shutdown" in html
    # A sub-agent's prompt is none of the person's.
    assert "user.message say: sub done" in html


def test_the_end_first_and_the_rest_page_by_page(home: Path) -> None:
    turns = [line for n in range(400) for line in (prompt(f"p{n} " * 50), answer(f"a{n}."))]
    write_session(home, "long", *turns)
    html, start_of = preview("long", None)
    assert "<p>a399.</p>" in html
    assert "<p>a0.</p>" not in html
    pages = 1
    while start_of is not None:
        more, start_of = preview("long", start_of)
        html, pages = more + html, pages + 1
    assert pages > 2
    assert re.findall(r"<p>(a\d+)\.</p>", html) == [f"a{n}" for n in range(400)]


def test_hostile_text_stays_text(home: Path) -> None:
    bad = "<script>x()</script><img src=x onerror=x()>[l](javascript:x())\x1b[31m\u202e</article>"
    write_session(
        home,
        "s",
        prompt(bad),
        answer(bad, id=f'"><{bad}'),
        event(
            "tool.execution_start",
            {"toolCallId": "c", "toolName": bad, "arguments": {"command": bad}},
        ),
        event("tool.execution_complete", {"toolCallId": "c", "result": {"content": bad}}),
        event(bad, {"content": bad}),
        event("session.error", {"message": bad}),
        event("assistant.message", {"content": "x", "model": bad}, timestamp=bad),
    )
    html, _ = preview("s", None)
    tags = Tags()
    tags.feed(html)
    assert tags.names <= {
        "article",
        "header",
        "time",
        "div",
        "p",
        "details",
        "summary",
        "code",
        "pre",
        "span",
        "a",
    }
    assert tags.attributes <= {"class", "title", "data-event", "data-prompt"}
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert html.count("&lt;script&gt;") >= 7


def test_long_texts_are_cut_and_say_so(home: Path) -> None:
    write_session(home, "s", prompt("word " * 10_000))
    html, _ = preview("s", None)
    assert len(html) < 25_000
    assert "30,000 characters more; get_messages() has all of them." in html


class Tags(HTMLParser):
    """Which elements and attributes there are."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes.update(name for name, _ in attrs)
