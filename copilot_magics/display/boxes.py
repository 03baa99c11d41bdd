"""What is asked, as widgets: the question readable at a glance, a button for each answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from copilot_magics.display.guard import Guard
from copilot_magics.display.html import code_to_html, text_to_html
from copilot_magics.display.inert import plain
from copilot_magics.pending import Question
from copilot_magics.permissions import Ask

Answer = Callable[[str], None]

_CHOICES = {"Allow once": "once", "Allow until this kernel stops": "until-stop", "Deny": "deny"}
_CHANGES = {"+": "add", "-": "cut"}

# Tints and weights, but no colours for text: it is as readable as the theme's own, in any theme.
_STYLE = """<style>
.copilot-ask {color: var(--jp-content-font-color1, inherit); overflow-wrap: anywhere}
.copilot-ask pre {max-height: 24em; overflow: auto; margin: 0; padding: .5em;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px);
  color: inherit; background: var(--jp-layout-color2, rgba(128, 128, 128, .1))}
.copilot-ask pre .copilot-add, .copilot-ask pre .copilot-cut {display: block; padding-left: 3px;
  border-left: 3px solid rgb(46, 160, 67); background: rgba(46, 160, 67, .18)}
.copilot-ask pre .copilot-cut {border-color: rgb(218, 54, 51); background: rgba(218, 54, 51, .18)}
</style>"""


def box_for(about: Ask | Question, answer: Answer) -> widgets.Box:
    """Return what asks the user, to be displayed; it leaves the page when its kernel is gone.

    Parameters
    ----------
    about : Ask or Question
        What is asked.
    answer : callable
        Takes a `copilot_magics.pending.Permission` for an `Ask`, the answer's text for a
        `Question`.
    """
    parts = _question(about, answer) if isinstance(about, Question) else _permission(about, answer)
    box = widgets.VBox(parts)
    box.children = [*parts, Guard(root=box.model_id)]
    return box


def _permission(about: Ask, answer: Answer) -> list[Any]:
    body = _diff(about.body) if about.syntax == "diff" else code_to_html(about.body, about.syntax)
    # Whoever has no mouse scrolls it too.
    named = f'<pre tabindex="0" role="group" aria-label="{text_to_html(about.title)}"'
    return [
        _title(f"Copilot wants to {about.title}:"),
        _html(body.replace("<pre", named, 1)),
        *(_html(f"⚠ {text_to_html(note)}") for note in about.notes),
        _row([_button(label, choice, answer) for label, choice in _CHOICES.items()]),
    ]


def _question(about: Question, answer: Answer) -> list[Any]:
    # In words of ours, so that no question looks like one for leave.
    parts = [_title(f"Copilot asks: {about.text}")]
    if about.choices:
        parts.append(_row([_button(choice, choice, answer) for choice in about.choices]))
    if about.free or not about.choices:
        field = widgets.Text(placeholder="Your answer", layout=widgets.Layout(width="70%"))
        send = widgets.Button(description="Answer")
        send.on_click(lambda _button: answer(field.value))
        parts.append(widgets.HBox([field, send]))
    return parts


def _title(text: str) -> Any:
    # An alert is read out when it appears.
    return _html(f'{_STYLE}<b role="alert">{text_to_html(text)}</b>')


def _html(content: str) -> Any:
    return widgets.HTML(f'<div class="copilot-ask">{content}</div>')


def _diff(text: str) -> str:
    """Mark what a diff adds and removes; what stands before its first hunk does neither."""
    head, hunk, changes = text.partition("\n@@")
    marked = [
        f'<span class="copilot-{_CHANGES[line[0]]}">{text_to_html(line)}\n</span>'
        if line[:1] in _CHANGES
        else f"{text_to_html(line)}\n"
        for line in f"{hunk}{changes}".split("\n")
    ]
    return f"<pre>{text_to_html(head)}{''.join(marked)}</pre>"


def _button(label: str, choice: str, answer: Answer) -> Any:
    layout = widgets.Layout(width="auto", max_width="100%")
    button = widgets.Button(description=plain(label), layout=layout)
    button.on_click(lambda _button: answer(choice))
    return button


def _row(buttons: list[Any]) -> Any:
    return widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap"))
