"""A conversation as Markdown; `tests/unit/test_exporting.py` has more of it."""

from __future__ import annotations

from pathlib import Path

from hostile import MARKDOWN
from journals import answer, event, prompt, sample, start, write_session
from markdown_it import MarkdownIt
from pages import Page

from copilot_magics.transcripts import get_messages


def test_a_real_session(home: Path) -> None:
    sample(home)
    text = get_messages("rich").copilot.to_markdown()
    for part in (
        "# rich\n\nSession `rich`\n",
        "## You · 2026-11-23 06:46 UTC\n\nsay: hello there\n",
        "## scripted · 2026-11-23 06:46 UTC\n\nhello there\n",
        "<details><summary>view &#47;nonexistent &#40;failed&#41;</summary>",
        "Result:\n\n```text\nPath does not exist\n```\n\n</details>",
        "<details><summary>error</summary>\n\n```text\nAuthentication failed with provider",
    ):
        assert part in text
        text = text.partition(part)[2]


def test_a_call_and_its_result_are_one_fold_and_sub_agents_are_left_out(home: Path) -> None:
    write_session(
        home,
        "s",
        start(),
        prompt("x"),
        event("tool.execution_start", {"toolCallId": "a", "toolName": "task"}),
        event("tool.execution_start", {"toolCallId": "b", "toolName": "bash"}),
        event("tool.execution_start", {"toolCallId": "c", "toolName": "grep"}, agentId="sub"),
        answer("of a sub-agent", agentId="sub"),
        event("user.message", {"content": "of a skill", "source": "skill-pdf"}),
        event("tool.execution_complete", {"toolCallId": "a", "success": True, "result": "found"}),
        answer("Done."),
    )
    text = get_messages("s").copilot.to_markdown()
    assert text.count("<details>") == 2
    assert text.index("task") < text.index("found") < text.index("bash &#40;no result&#41;")
    for left_out in ("grep", "of a sub-agent", "of a skill"):
        assert left_out not in text


def test_titles_and_several_sessions(home: Path) -> None:
    write_session(home, "s", start(), prompt("one"))
    write_session(home, "t", start(), prompt("two"))
    frame = get_messages(["t", "s"])
    text = frame.copilot.to_markdown()
    assert text.index("# t\n") < text.index("two") < text.index("# s\n") < text.index("one")
    assert frame.head(2).copilot.to_markdown(title="My *talk*").startswith("# My \\*talk\\*\n")
    assert frame.head(0).copilot.to_markdown() == "No messages.\n"


def test_hostile_text_stays_text(home: Path) -> None:
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
    text = get_messages("s").copilot.to_markdown(title="<script>x()</script>")
    # As a front end reads it that lets HTML through.
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    assert page.tags.isdisjoint({"script", "iframe", "svg", "object", "style", "form"})
    assert not any(name.startswith("on") or name == "style" for _, name in page.attributes)
    assert page.links
    assert all(link.startswith(("https://", "http://")) for link in page.links if ":" in link)
