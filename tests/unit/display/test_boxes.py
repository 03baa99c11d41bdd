"""What is asked, as widgets: shown as it is, and answered by the button pressed."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets as widgets
import pytest

from copilot_magics.display.boxes import box_for
from copilot_magics.pending import Question
from copilot_magics.permissions import Ask

SHELL = Ask(
    "shell", "run a command", "echo '<b>' \\x1b | cat", "bash", "", ("shell",), ("Mind <i>",)
)


def of_type(box: widgets.Box, kind: type) -> list[widgets.Widget]:
    """Return the widgets of a kind in a box."""
    found = [child for child in box.children if isinstance(child, kind)]
    inside = [child for child in box.children if isinstance(child, widgets.Box)]
    return found + [widget for child in inside for widget in of_type(child, kind)]


def shown(box: widgets.Box) -> str:
    return "\n".join(widget.value for widget in of_type(box, widgets.HTML))


def test_a_permission_is_shown_as_code_with_its_notes() -> None:
    answers: list[str] = []
    box = box_for(SHELL, answers.append)
    html = shown(box)
    assert '<b role="alert">Copilot wants to run a command:</b>' in html
    assert 'role="group" aria-label="run a command"' in html
    assert '<span class="nb">echo</span>' in html
    assert "&lt;b&gt;" in html
    assert "⚠ Mind &lt;i&gt;" in html
    buttons = of_type(box, widgets.Button)
    assert [button.description for button in buttons] == [
        "Allow once",
        "Allow until this kernel stops",
        "Deny",
    ]
    for button in buttons:
        button.click()
    assert answers == ["once", "until-stop", "deny"]


def test_a_diff_marks_what_changes_and_nothing_else() -> None:
    diff = "/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n same\n-- gone <b>\n+new\n"
    html = shown(box_for(replace(SHELL, body=diff, syntax="diff"), [].append))
    assert "/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n same\n<span" in html
    assert '<span class="copilot-cut">-- gone &lt;b&gt;\n</span>' in html
    assert '<span class="copilot-add">+new\n</span>' in html
    assert html.count('<span class="copilot-') == 2


@pytest.mark.parametrize("title", ['"><img src=x onerror=y>', "<b>\x1b[1m\u202e"])
def test_a_title_is_text(title: str) -> None:
    asked = shown(box_for(replace(SHELL, title=title), [].append))
    question = shown(box_for(Question(title, [], True), [].append))
    for html in (asked, question):
        assert "<img" not in html
        assert "<b>" not in html
        assert not set("\x1b\u202e") & set(html)


def test_a_question_is_answered_by_its_buttons_and_in_free_words() -> None:
    answers: list[str] = []
    box = box_for(Question("Which?", ["red\x07", "blue"], True), answers.append)
    buttons = of_type(box, widgets.Button)
    assert [button.description for button in buttons] == ["red", "blue", "Answer"]
    (field,) = of_type(box, widgets.Text)
    field.value = "green"
    for button in buttons:
        button.click()
    assert answers == ["red\x07", "blue", "green"]
    assert not of_type(box_for(Question("Which?", ["a"], False), [].append), widgets.Text)


def test_its_guard_knows_it() -> None:
    box = box_for(SHELL, [].append)
    assert box.children[-1].root == box.model_id
