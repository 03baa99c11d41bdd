"""``df.copilot`` on whatever has the columns: joined frames, frames read back, empty ones."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import answer, event, prompt, sample, start, write_session
from matplotlib import pyplot as plt

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.analysis.calls import tools
from copilot_magics.transcripts.analysis.failures import errors
from copilot_magics.transcripts.analysis.turns import turns
from copilot_magics.transcripts.analysis.usage import usage
from copilot_magics.transcripts.schema import COLUMNS, empty

TABLES = [turns, tools, usage, errors]
FIELDS = [
    *("usage", "model", "inputTokens", "outputTokens", "cost", "copilotUsage", "totalNanoAiu"),
    *("requestId", "providerCallId", "compactionTokensUsed", "modelMetrics", "requests", "count"),
    *("toolCallId", "toolName", "arguments", "success", "result", "error", "content", "message"),
    *("source", "isAutopilotContinuation", "errorType", "statusCode", "code", "x"),
]
KINDS = [
    *("session.start", "session.resume", "session.shutdown", "session.usage_record"),
    *("session.compaction_complete", "session.error", "session.model_change", "abort"),
    *("user.message", "assistant.message", "assistant.turn_start", "assistant.turn_end"),
    *("tool.execution_start", "tool.execution_complete", "hook.end", "brand.new"),
]
Table = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.mark.parametrize("table", TABLES)
def test_dtypes_do_not_depend_on_what_is_in_a_table(home: Path, table: Table) -> None:
    sample(home)
    full = table(get_messages("rich"))
    none = table(empty())
    assert not full.empty
    assert none.empty
    pd.testing.assert_series_equal(none.dtypes, full.dtypes)
    pd.testing.assert_series_equal(pd.concat([none, full]).dtypes, full.dtypes)


@pytest.mark.parametrize("table", TABLES)
def test_frames_read_back_from_parquet(home: Path, tmp_path: Path, table: Table) -> None:
    sample(home)
    frame = get_messages("rich")
    frame.to_parquet(tmp_path / "a.parquet")
    back = pd.read_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(getattr(back.copilot, table.__name__)(), table(frame))


@pytest.mark.parametrize("table", TABLES)
def test_joined_frames_are_told_session_by_session(home: Path, table: Table) -> None:
    sample(home, "a")
    sample(home, "b")
    joined = table(pd.concat([get_messages("b"), get_messages("a")]))
    parts = [table(get_messages(session)) for session in ("b", "a")]
    pd.testing.assert_frame_equal(joined, pd.concat(parts, ignore_index=True))


@pytest.mark.parametrize("table", TABLES)
def test_tables_are_plain_functions(home: Path, table: Table) -> None:
    sample(home)
    frame = get_messages("rich")
    before = frame.copy()
    again = pickle.loads(pickle.dumps(table))
    pd.testing.assert_frame_equal(again(frame), table(frame))
    pd.testing.assert_frame_equal(frame, before)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=6,
)
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        ANYTHING | st.dictionaries(st.sampled_from(FIELDS), ANYTHING),
        st.sampled_from([{}, {}, {"agentId": "sub"}, {"timestamp": None}, {"id": "same"}]),
    ),
    max_size=12,
)


# The same ID again is damage, and warned of.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(told=EVENTS)
def test_payloads_may_be_anything(home: Path, told: list[tuple[str, Any, dict[str, Any]]]) -> None:
    lines = [event(kind, data, **envelope) for kind, data, envelope in told]
    folder = write_session(home, f"s-{len(list(home.glob('*/*')))}", prompt("x"), *lines)
    frame = get_messages(folder.name)
    for table in TABLES:
        pd.testing.assert_series_equal(table(frame).dtypes, table(empty()).dtypes)
    for ask in NEEDED.values():
        ask(frame)
    plt.close("all")


NEEDED: dict[str, Callable[[pd.DataFrame], Any]] = {
    "turns": lambda frame: frame.copilot.turns(),
    "tools": lambda frame: frame.copilot.tools(),
    "usage": lambda frame: frame.copilot.usage(),
    "errors": lambda frame: frame.copilot.errors(),
    "conversation": lambda frame: frame.copilot.conversation(),
    "find": lambda frame: frame.copilot.find("x"),
    "payload": lambda frame: frame.copilot.payload(),
    "payload-expand": lambda frame: frame.copilot.payload(expand=True),
    "to_markdown": lambda frame: frame.copilot.to_markdown(),
    "to_html": lambda frame: frame.copilot.to_html(),
    "plot": lambda frame: frame.copilot.plot.usage(),
}


@pytest.mark.parametrize("ask", NEEDED.values(), ids=NEEDED)
def test_a_missing_column_is_named(home: Path, ask: Callable[[pd.DataFrame], Any]) -> None:
    write_session(home, "s", start(), prompt("x"), answer("y"))
    frame = get_messages("s")
    said = {}
    for name in COLUMNS:
        try:
            ask(frame.drop(columns=name))
        except BadInput as error:
            said[name] = str(error)
    assert said == {
        name: f"This DataFrame has no column {name!r}. Leave it in columns= of get_messages()."
        for name in said
    }
    assert said
    other = pd.DataFrame({"x": [1]})
    assert other.copilot is not None
    with pytest.raises(BadInput, match="This DataFrame has no column"):
        ask(other)


def test_help_tells_the_columns() -> None:
    asked = empty().copilot
    for method, table in ((asked.turns, turns), (asked.tools, tools), (asked.usage, usage)):
        told = inspect.getdoc(method) or ""
        assert "frame : DataFrame" not in told
        for name in table(empty()):
            assert f"``{name}``" in told
    assert "Parameters\n----------\nwhat : str" in (inspect.getdoc(asked.find) or "")


def test_damage_is_listed(home: Path) -> None:
    write_session(home, "s", raw=start() + b"\ngarbage\n" + prompt("x") + b"\n")
    with pytest.warns(UserWarning, match="unreadable|damaged"):
        frame = get_messages("s")
    damage = frame.copilot.damage()
    assert damage["raw"].tolist() == [b"garbage"]
    assert damage["line"].tolist() == [2]


def test_neither_the_sdk_nor_widgets_are_imported(home: Path) -> None:
    sample(home)
    code = (
        "import sys\n"
        "from copilot_magics.transcripts import get_messages\n"
        "asked = get_messages('rich').copilot\n"
        "asked.turns(), asked.usage(), asked.errors(), asked.to_markdown(), asked.to_html()\n"
        "heavy = {'copilot', 'ipywidgets', 'IPython', 'matplotlib', 'dask'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
