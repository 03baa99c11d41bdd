"""What a turn uses: counted always, told when it matters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_magics.metering import Meter
from copilot_magics.toolcall import ToolCall


def data(**fields: Any) -> SimpleNamespace:
    return SimpleNamespace(**fields)


def context(tokens: int, system: int = 10, tools: int = 20) -> SimpleNamespace:
    return data(
        current_tokens=tokens,
        token_limit=1000,
        system_tokens=system,
        tool_definitions_tokens=tools,
        conversation_tokens=tokens - system - tools,
    )


def test_all_that_was_counted_is_told_on_request() -> None:
    meter = Meter()
    assert meter.lines([]) == []
    assert meter.take("session.usage_info", context(400)) == ""
    usage = data(
        input_tokens=1200,
        output_tokens=30,
        cache_read_tokens=1000,
        reasoning_tokens=7,
        cost=0.5,
        time_to_first_token=timedelta(seconds=1.25),
    )
    for _ in range(2):
        assert meter.take("assistant.usage", usage) == ""
    call = ToolCall("bash", "ls")
    call.ended = call.began + 2
    assert meter.lines([call]) == [
        "Context: 400 of 1,000 tokens (40%): 10 instructions, 20 tools, 370 conversation.",
        "Model: 2 calls, 2,400 tokens in (2,000 from the cache), 60 out (14 of them reasoning), "
        "1 premium requests, first token after 1.25 s.",
        "Tools: bash 2.0 s.",
    ]
    assert meter.usage == {
        "model_calls": 2,
        "input_tokens": 2400,
        "output_tokens": 60,
        "cache_read_tokens": 2000,
        "reasoning_tokens": 14,
        "cost": 1.0,
        "first_token": 1.25,
    }
    assert meter.context["limit"] == 1000


@pytest.mark.parametrize(
    ("reasons", "line"),
    [
        (["stop"], ""),
        ([None], ""),
        (["content_filter"], "The provider's content filter cut the answer off."),
        (
            ["length", "length"],
            "The answer was cut off: it is as long as the provider lets one be.",
        ),
        (["length", "stop"], ""),
    ],
)
def test_an_answer_that_was_cut_off_is_told_with_it(reasons: list[str | None], line: str) -> None:
    meter = Meter()
    for reason in reasons:
        assert meter.take("assistant.usage", data(finish_reason=reason)) == ""
    assert meter.take("assistant.message", data(content="Half")) == line


def test_a_context_that_fills_up_is_told_once() -> None:
    meter = Meter()
    assert meter.take("session.usage_info", context(799)) == ""
    assert "800 of 1,000 tokens (80%)" in (told := meter.take("session.usage_info", context(800)))
    assert "`%copilot_session --new`" in told
    assert meter.take("session.usage_info", context(900)) == ""
    assert meter.context["tokens"] == 900
    assert "takes more" in Meter().take("session.usage_info", context(900, 300, 300))
    assert Meter().take("session.usage_info", data(token_limit=0)) == ""


@pytest.mark.parametrize(
    ("kind", "fields", "line"),
    [
        (
            "session.compaction_complete",
            {"success": True, "pre_compaction_tokens": 9000, "post_compaction_tokens": 1200},
            "it goes on from a summary (9,000 tokens became 1,200).",
        ),
        ("session.compaction_complete", {"success": True}, "it goes on from a summary."),
        (
            "session.compaction_complete",
            {"success": False, "error": "no"},
            "The history could not be summed up: no",
        ),
        (
            "session.truncation",
            {"messages_removed_during_truncation": 2},
            "2 messages were left out of it.",
        ),
        ("session.warning", {"message": "Beware."}, "Copilot warns: Beware."),
        (
            "session.session_limits_changed",
            {"session_limits": data(max_ai_credits=30.0)},
            "This session may use 30 AI credits.",
        ),
        (
            "session.session_limits_changed",
            {"session_limits": None},
            "This session has no limit of AI credits any more.",
        ),
    ],
)
def test_what_matters_is_a_line_and_only_once(kind: str, fields: dict[str, Any], line: str) -> None:
    meter = Meter()
    assert meter.take(kind, data(**fields)).endswith(line)
    assert meter.take(kind, data(**fields)) == ""


def quota(left: float, *, unlimited: bool = False) -> SimpleNamespace:
    until = datetime(2026, 12, 1, tzinfo=UTC)
    return data(_remaining_percentage=left, _is_unlimited_entitlement=unlimited, _reset_date=until)


@pytest.mark.parametrize(
    ("left", "line"),
    [
        (quota(10.1), ""),
        (quota(0, unlimited=True), ""),
        (quota(9), "9 % of your premium requests are left, until 2026-12-01."),
        (quota(0), "Your premium requests are used up, until 2026-12-01."),
    ],
)
def test_a_quota_that_runs_out_is_told(left: SimpleNamespace, line: str) -> None:
    usage = data(_quota_snapshots={"premium_interactions": left})
    assert Meter().take("assistant.usage", usage) == line
