"""Plots: what is drawn, in light and in dark, for one turn, for many, and for nothing."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from journals import answer, event, prompt, sample, start, write_session
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages

KINDS = ("timeline", "usage", "tools")


@pytest.fixture(autouse=True)
def _figures() -> Iterator[None]:
    """Draw for nobody, and leave no figure open."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")


def draw(frame: pd.DataFrame, kind: str, ax: Axes | None = None) -> Axes:
    drawn = getattr(frame.copilot.plot, kind)(ax=ax)
    assert isinstance(drawn, Axes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn.figure.canvas.draw()
    return drawn


def names(ax: Axes) -> list[str]:
    return [label.get_text() for label in ax.get_yticklabels()]


def legend(ax: Axes) -> list[str]:
    found = ax.get_legend()
    assert found is not None
    return [text.get_text() for text in found.get_texts()]


def busy(home: Path, session: str, turns: int, tools: int = 2) -> None:
    lines = [start()]
    for turn in range(turns):
        name = f"{session}-{turn}"
        used = {"model": "m-1", "inputTokens": 1000, "outputTokens": 50, "cacheReadTokens": 800}
        called = {"toolCallId": name, "toolName": f"a-tool-with-quite-a-long-name-{turn % tools}"}
        lines += [
            prompt(f"prompt {turn}"),
            event("session.usage_record", {"usage": used}),
            event("tool.execution_start", called),
            event("tool.execution_complete", {**called, "success": turn % 3 > 0}),
            answer("done"),
        ]
    write_session(home, session, *lines)


def test_a_real_session(home: Path) -> None:
    sample(home)
    frame = get_messages("rich")
    timeline = draw(frame, "timeline")
    assert timeline.get_xlabel() == "time (UTC)"
    assert names(timeline) == ["rich"]
    assert sorted(legend(timeline)) == ["errors", "prompts", "tool calls", "turns"]
    usage = draw(frame, "usage")
    assert (usage.get_xlabel(), usage.get_ylabel()) == ("turn", "tokens")
    assert legend(usage) == ["output", "input", "input from cache"]
    heights = sum(patch.get_height() for patch in usage.patches)
    assert heights == frame.copilot.usage()[["input_tokens", "output_tokens"]].sum().sum()
    tools = draw(frame, "tools")
    assert set(names(tools)) == {"bash", "view", "ask_user", "task"}
    assert sum(patch.get_width() for patch in tools.patches) == 4
    assert "87 ms" in [text.get_text() for text in tools.texts]


@pytest.mark.parametrize("turns", [1, 200])
@pytest.mark.parametrize("kind", KINDS)
def test_one_turn_and_many(home: Path, kind: str, turns: int) -> None:
    busy(home, "s", turns, tools=30)
    drawn = draw(get_messages("s"), kind)
    assert legend(drawn)
    if kind == "tools" and turns > 1:
        assert len(names(drawn)) == 20
        assert names(drawn)[-1] == "11 others"
        assert all(len(name) <= 32 for name in names(drawn))
        assert sum(patch.get_width() for patch in drawn.patches) == turns


def test_several_sessions(home: Path) -> None:
    for number in range(25):
        busy(home, f"session-{number:02}", 1 + number)
    frame = get_messages("*")
    assert len(names(draw(frame, "timeline"))) == 20
    usage = draw(frame, "usage")
    assert (usage.get_xlabel(), usage.get_ylabel()) == ("tokens", "session")
    assert names(usage)[0] == "session-24"
    assert names(usage)[-1] == "6 others"
    by_model = frame.copilot.plot.usage(by="model")
    assert names(by_model) == ["m-1"]
    assert sum(patch.get_width() for patch in by_model.patches) == 1050 * sum(range(1, 26))
    with pytest.raises(BadInput, match="There are no tokens by 'day'"):
        frame.copilot.plot.usage(by="day")


def test_totals_stand_beside_the_turns(home: Path) -> None:
    metrics = {"m-1": {"requests": {"count": 2}, "usage": {"inputTokens": 90, "outputTokens": 9}}}
    said = [start(), prompt("x"), answer("1"), prompt("y"), answer("2")]
    write_session(home, "s", *said, event("session.shutdown", {"modelMetrics": metrics}))
    drawn = draw(get_messages("s"), "usage")
    assert [label.get_text() for label in drawn.get_xticklabels()][-1] == "in total"


@pytest.mark.parametrize(
    ("kind", "said"),
    [("timeline", "no turns"), ("usage", "no tokens"), ("tools", "no tool calls")],
)
def test_nothing_to_draw_is_said(home: Path, kind: str, said: str) -> None:
    write_session(home, "s", start())
    frame = get_messages("s")
    for part in (frame, frame.head(0)):
        assert [text.get_text() for text in draw(part, kind).texts] == [said]


@pytest.mark.parametrize("kind", KINDS)
def test_dark_style_sheets_hold(home: Path, kind: str) -> None:
    busy(home, "s", 3)
    with plt.style.context("dark_background"):
        drawn = draw(get_messages("s"), kind)
    ink = mpl.colors.to_rgb("white")
    assert mpl.colors.to_rgb(drawn.xaxis.label.get_color()) == ink
    labels = [*drawn.get_yticklabels(), *drawn.get_legend().get_texts(), *drawn.texts]
    assert {mpl.colors.to_rgb(label.get_color()) for label in labels} == {ink}


@pytest.mark.parametrize("kind", KINDS)
def test_axes_that_are_given_are_drawn_into(home: Path, kind: str) -> None:
    busy(home, "s", 3)
    _, ax = plt.subplots()
    assert draw(get_messages("s"), kind, ax) is ax
    assert len(plt.get_fignums()) == 1


def test_a_name_is_no_formula(home: Path) -> None:
    called = {"toolCallId": "c", "toolName": "$\\frac{a$"}
    write_session(home, "s", start(), prompt("x"), event("tool.execution_start", called))
    assert names(draw(get_messages("s"), "tools")) == ["$\\frac{a$"]


def test_without_matplotlib_the_error_names_the_extra(home: Path) -> None:
    code = (
        "import sys\n"
        "sys.modules['matplotlib'] = None\n"
        "from copilot_magics.transcripts.schema import empty\n"
        "try:\n"
        "    empty().copilot.plot.tools()\n"
        "except ValueError as error:\n"
        "    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == (
        "df.copilot.plot needs matplotlib. Install it with `%pip install copilot-magics[plot]`.\n"
    )
