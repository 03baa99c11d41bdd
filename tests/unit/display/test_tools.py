"""What the agent did on the way to an answer: one folded line a call."""

from __future__ import annotations

from copilot_magics.display.tools import tools_markdown
from copilot_magics.toolcall import ToolCall


def test_a_call_that_the_turns_end_cut_off_runs_no_more() -> None:
    call = ToolCall("bash", "sleep 100")
    assert "<em>running</em></summary>" in tools_markdown([call], 100)
    assert "<em>not finished</em></summary>" in tools_markdown([call], 100, ended=True)


def test_where_there_is_no_room_the_line_stays() -> None:
    calls = [ToolCall("view", "old", {"path": "old"}, True, "o"), ToolCall("view", "new")]
    shown = tools_markdown(calls, 1)
    assert "<summary>✓ view <code>old</code></summary>" in shown
    assert "Left out here" in shown.split("</details>")[0]
