"""Tokens and cost: as far as each runtime's journals tell them, and nothing twice.

The journals `data/usage-*.jsonl` were written by the runtimes in their names, in three or more runs
of a session, and shortened; what they must add up to is what those runtimes said themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from journals import SAMPLE, answer, event, prompt, sample, start, write_session

from copilot_magics.transcripts import get_messages

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "model": "string",
    "source": "string",
    "requests": "Int64",
    "input_tokens": "Int64",
    "output_tokens": "Int64",
    "cache_read_tokens": "Int64",
    "cache_write_tokens": "Int64",
    "reasoning_tokens": "Int64",
    "cost": "Float64",
    "ai_credits": "Float64",
}
TOLD = ["requests", "input_tokens", "output_tokens", "cache_read_tokens"]

Totals = dict[str, list[int]]

# By journal, and by model: requests, input, output, read from the cache.
RUNTIMES: dict[str, Totals] = {
    # Each shutdown is of its run.
    "1.0.32": {"scripted": [3, 19892, 17, 300], "scripted-mini": [1, 6807, 6, 100]},
    "1.0.57": {"scripted": [3, 19596, 17, 300], "scripted-mini": [1, 6689, 6, 100]},
    # Each is of the session.
    "1.0.68": {"scripted": [4, 24740, 23, 400]},
    # The second took the last run of the first for the session.
    "1.0.48-then-1.0.68": {"scripted": [3, 23052, 17, 300], "scripted-mini": [2, 14239, 7, 100]},
    # Three requests and a compaction.
    "1.0.92": {"scripted": [3 + 1, 17472 + 6694, 18 + 6, 300 + 100]},
    # Each request of the second is recorded.
    "1.0.92-then-1.0.102": {"scripted": [5, 28330, 24, 400]},
    # Nine requests, one of them a sub-agent's, and a compaction.
    "1.0.102": {
        "scripted": [9 + 1, 47917 + 7183, 52 + 6, 900 + 100],
        "scripted-mini": [1, 5812, 6, 100],
    },
}


def read(home: Path, *lines: bytes) -> pd.DataFrame:
    write_session(home, "s", *lines)
    return get_messages("s")


def by_model(table: pd.DataFrame) -> Totals:
    sums = table.groupby("model")[TOLD].sum()
    return {str(model): list(map(int, row)) for model, *row in sums.itertuples()}


def metrics(**models: tuple[int, int]) -> dict[str, Any]:
    """Return a shutdown's payload: requests and output tokens by model."""
    told = {
        model: {
            "requests": {"count": count, "cost": 0.5 * count},
            "usage": {"inputTokens": 100 * count, "outputTokens": output},
            "totalNanoAiu": 2e9 * count,
        }
        for model, (count, output) in models.items()
    }
    return {"modelMetrics": told}


def told(text: str, tokens: int) -> bytes:
    return event("assistant.message", {"content": text, "model": "m", "outputTokens": tokens})


@pytest.mark.parametrize("journal", RUNTIMES)
def test_what_real_runtimes_wrote(home: Path, journal: str) -> None:
    write_session(home, "s", raw=(SAMPLE / f"usage-{journal}.jsonl").read_bytes())
    table = get_messages("s").copilot.usage()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert by_model(table) == RUNTIMES[journal]
    assert not table.duplicated(["session", "turn", "model", "source"]).any()


def test_each_request_of_a_real_session_is_in_its_turn(home: Path) -> None:
    sample(home)
    table = get_messages("rich").copilot.usage()
    assert set(table["source"]) == {"request"}
    assert table["turn"].tolist() == [1, 2, 3, 4, 5, 7]
    assert table["requests"].tolist() == [1, 2, 2, 3, 1, 1]
    assert table["input_tokens"].tolist()[1] == 6007 + 6166
    assert table["cache_read_tokens"].isna().all()


def test_answers_tell_their_output_and_the_shutdown_the_rest(home: Path) -> None:
    write_session(home, "s", raw=(SAMPLE / "usage-1.0.32.jsonl").read_bytes())
    table = get_messages("s").copilot.usage()
    rows = table[["turn", "model", "source", "requests", "input_tokens", "output_tokens"]]
    assert rows.astype("object").where(rows.notna(), None).to_numpy().tolist() == [
        # Its answers do not name their model; the session does.
        [1, "scripted", "answer", 1, None, 6],
        [2, "scripted", "answer", 2, None, 11],
        [3, "scripted-mini", "answer", 1, None, 6],
        [None, "scripted", "total", 0, 6539 + 13353, 0],
        [None, "scripted-mini", "total", 0, 6807, 0],
    ]


def test_cost_is_told_in_premium_requests_and_in_credits(home: Path) -> None:
    record = {"model": "m", "cost": 0.33, "copilotUsage": {"totalNanoAiu": 1_500_000_000}}
    free = {"model": "m", "copilotUsage": {"totalNanoAiu": 0}, "aiCreditsStatus": "unavailable"}
    frame = read(
        home,
        start(),
        prompt("one"),
        event("session.usage_record", {"usage": record}),
        prompt("two"),
        event("session.usage_record", {"usage": free}),
    )
    table = frame.copilot.usage()
    assert table["cost"].tolist()[0] == 0.33
    assert table["ai_credits"].tolist()[0] == 1.5
    assert table[["cost", "ai_credits"]].iloc[1].isna().all()


def test_totals_of_runs_and_of_the_session_are_told_apart(home: Path) -> None:
    end = "session.shutdown"
    of_runs = [
        start(),
        prompt("one"),
        told("1", 10),
        event(end, metrics(m=(1, 10))),
        event("session.resume"),
        prompt("two"),
        told("2", 10),
        told("3", 10),
        event(end, metrics(m=(2, 20))),
    ]
    table = read(home, *of_runs).copilot.usage()
    assert table[["requests", "input_tokens", "output_tokens"]].sum().tolist() == [3, 300, 30]
    assert table["ai_credits"].sum() == 6

    of_session = [*of_runs[:-1], event(end, metrics(m=(3, 30)))]
    write_session(home, "t", *of_session)
    table = get_messages("t").copilot.usage()
    assert table[["requests", "input_tokens", "output_tokens"]].sum().tolist() == [3, 300, 30]
    assert table["cost"].sum() == 1.5


def test_a_run_that_was_killed_keeps_what_its_answers_told(home: Path) -> None:
    frame = read(
        home,
        start(),
        prompt("one"),
        told("1", 10),
        event("session.resume"),
        prompt("two"),
        told("2", 5),
        event("session.shutdown", metrics(m=(1, 5))),
    )
    table = frame.copilot.usage()
    assert table["source"].tolist() == ["answer", "answer", "total"]
    assert table["output_tokens"].tolist() == [10, 5, 0]
    assert table["input_tokens"].sum() == 100


def test_a_part_of_a_session_tells_of_that_part(home: Path) -> None:
    lines = [start(), prompt("one"), told("1", 10), prompt("two"), told("2", 20)]
    frame = read(home, *lines, event("session.shutdown", metrics(m=(2, 30))))
    second = frame[frame["turn"] == 2]
    table = second.copilot.usage()
    assert table[["turn", "source", "output_tokens"]].to_numpy().tolist() == [[2, "answer", 20]]
    assert frame[frame["type"] == "session.shutdown"].copilot.usage().empty


def test_a_compaction_counts_once(home: Path) -> None:
    old = {"compactionTokensUsed": {"input": 900, "output": 30, "cachedInput": 200}}
    recorded = {"requestId": "r", "compactionTokensUsed": {"inputTokens": 7, "model": "m"}}
    frame = read(
        home,
        start(),
        prompt("one"),
        event("session.compaction_complete", old),
        event("session.usage_record", {"usage": {"providerCallId": "r", "inputTokens": 7}}),
        event("session.compaction_complete", recorded),
        event("session.compaction_complete", {"success": False}),
    )
    table = frame.copilot.usage()
    assert table["source"].tolist() == ["compaction", "request"]
    assert table["model"].tolist() == ["m-1", "m-1"]
    assert table["input_tokens"].tolist() == [900, 7]
    assert table["cache_read_tokens"].tolist()[0] == 200


def test_repeated_events_count_once(home: Path) -> None:
    frame = read(
        home, start(), prompt("x"), event("session.usage_record", {"usage": {"inputTokens": 7}})
    )
    twice = pd.concat([frame, frame])
    pd.testing.assert_frame_equal(twice.copilot.usage(), frame.copilot.usage())


def test_figures_of_another_kind_are_no_figures(home: Path) -> None:
    odd = {"model": 3, "inputTokens": "7", "outputTokens": True, "cost": 2**60, "requestCount": {}}
    odd["reasoningTokens"] = 0.25
    frame = read(
        home,
        start(),
        event("session.usage_record", {"usage": odd}),
        event("session.usage_record", {"usage": [1]}),
        event("session.usage_record", [1]),
        event("session.shutdown", {"modelMetrics": {"m": 1, "n": {"usage": 2, "requests": []}}}),
        event("session.shutdown", {"modelMetrics": [1]}),
        answer("no tokens"),
        event("assistant.message", {"content": "half a token", "outputTokens": 0.5}),
    )
    table = frame.copilot.usage()
    assert table["requests"].tolist() == [2]
    assert table.drop(columns=["session", "source", "model", "requests"]).isna().all(axis=None)


def test_nothing_told_is_an_empty_table(home: Path) -> None:
    frame = read(home, start(), prompt("one"), answer("1"))
    for part in (frame, frame.head(0)):
        table = part.copilot.usage()
        assert table.empty
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
