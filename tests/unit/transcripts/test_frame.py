"""The history as a DataFrame: the columns, the dtypes, who said what, and what is asked for."""

from __future__ import annotations

import json
import warnings
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput, CopilotError, SessionNotFound
from copilot_magics.transcripts import get_messages, get_turn, has_message

DTYPES = {
    "session": "string",
    "turn": "Int64",
    "timestamp": "datetime64[us, UTC]",
    "type": "string",
    "role": "category",
    "content": "string",
    "tool": "string",
    "tool_call_id": "string",
    "model": "string",
    "agent_id": "string",
    "event_id": "string",
    "parent_id": "string",
    "data": "string",
}
ROLES = ["user", "assistant", "system", "tool", "session"]


def assert_dtypes(frame: pd.DataFrame) -> None:
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert list(frame["role"].cat.categories) == ROLES


def test_a_real_session(home: Path) -> None:
    lines = (sample(home) / "events.jsonl").read_bytes().splitlines()
    frame = get_messages("rich")
    assert_dtypes(frame)
    assert list(frame["event_id"]) == [json.loads(line)["id"] for line in lines]
    assert set(frame["session"]) == {"rich"}
    assert frame["timestamp"].notna().all()
    assert frame.attrs["copilot"] == {"damage": []}
    assert (frame["turn"].dropna().min(), frame["turn"].max()) == (1, 7)
    said = frame.set_index("type")["content"]
    assert said["user.message"].iloc[0] == "say: hello there"
    assert said["assistant.message"].iloc[0] == "hello there"
    assert str(said["session.error"]).startswith("Authentication failed with provider")
    assert said["system.message"].iloc[0].startswith("You are GitHub Copilot")
    assert said["permission.completed"].iloc[0] == "approved"
    assert frame.query("type == 'user.message'")["role"].eq("user").all()
    assert frame.query("type == 'assistant.turn_end'")["role"].eq("assistant").all()
    assert frame.query("type == 'permission.requested'")["role"].eq("session").all()


def test_calls_and_results_of_a_real_session_join(home: Path) -> None:
    sample(home)
    frame = get_messages("rich")
    calls = frame[frame["type"] == "tool.execution_start"]
    results = frame[frame["type"] == "tool.execution_complete"]
    joined = calls.merge(results, on=["tool_call_id", "tool"], suffixes=("_call", "_result"))
    said = {row.tool: (row.content_call, row.content_result) for row in joined.itertuples()}
    assert said["view"] == ("/nonexistent", "Path does not exist")
    assert said["bash"][0] == 'echo hi "there" && exit 3'
    assert str(said["bash"][1]).startswith("hi there\n")
    assert said["ask_user"] == ("Which?", "User selected: blue")
    assert len(joined) == len(calls) == len(results)


def test_a_sub_agents_prompt_begins_no_turn(home: Path) -> None:
    sample(home)
    frame = get_messages("rich", types="user.message")
    sub = frame[frame["agent_id"].notna()]
    assert list(sub["content"]) == ["say: sub done"]
    assert list(sub["turn"]) == [4]


def test_turns_count_the_persons_prompts(home: Path) -> None:
    def sent_by(source: str) -> bytes:
        return event("user.message", {"content": source, "source": source})

    write_session(
        home,
        "s",
        start(),
        prompt("one"),
        answer("1"),
        sent_by("skill-pdf"),
        sent_by("agent-x"),
        sent_by("schedule-3"),
        sent_by("system"),
        prompt("sub", agentId="a"),
        event("user.message", {"content": "go on", "isAutopilotContinuation": True}),
        sent_by("user"),
        sent_by("command-review"),
    )
    turns = get_messages("s")["turn"]
    assert turns.isna().tolist() == [True] + [False] * 10
    assert turns.iloc[1:].tolist() == [1, 1, 1, 1, 1, 1, 1, 1, 2, 3]


def test_what_a_person_would_read(home: Path) -> None:
    write_session(
        home,
        "s",
        event("assistant.message", {"content": ""}),
        event("tool.execution_start", {"toolCallId": "c", "toolName": "x", "arguments": {"n": 1}}),
        event("tool.execution_start", {"toolCallId": "d", "toolName": "y", "arguments": "as text"}),
        event("tool.execution_complete", {"toolCallId": "c", "result": "old form"}),
        event("tool.execution_complete", {"toolCallId": "d", "error": {"message": "no"}}),
        event("tool.execution_complete", {"toolCallId": "lost", "result": {"content": "r"}}),
        event("session.brand_new", {"message": "prose", "content": {"not": "prose"}}),
        event("session.brand_new", [1, 2]),
        event("session.brand_new", {"n": 12345678901234567890123}),
        event("subagent.failed", {"error": "broke"}),
    )
    frame = get_messages("s")
    assert_dtypes(frame)
    none = None
    assert [None if pd.isna(text) else text for text in frame["content"]] == [
        none,
        '{"n": 1}',
        "as text",
        "old form",
        "no",
        "r",
        "prose",
        none,
        none,
        "broke",
    ]
    assert frame["tool"].tolist()[1:5] == ["x", "y", "x", "y"]
    assert pd.isna(frame["tool"][5])
    assert frame.copilot.payload().tolist()[7:9] == [[1, 2], {"n": 12345678901234567890123}]


def test_payloads_stand_beside_their_rows(home: Path) -> None:
    write_session(home, "s", start(), prompt("one"), answer("1"))
    answers = get_messages("s").query("role == 'assistant'")
    assert answers.copilot.payload().to_dict() == {2: {"content": "1", "model": "m-1"}}
    with pytest.raises(BadInput, match="no column 'data'"):
        get_messages("s", columns="type").copilot.payload()


def test_no_events_and_no_sessions_have_the_same_dtypes(home: Path) -> None:
    assert_dtypes(get_messages("*"))
    assert_dtypes(get_messages([]))
    write_session(home, "unprompted")
    assert_dtypes(get_messages("unprompted"))
    sample(home)
    both = pd.concat([get_messages("unprompted"), get_messages("rich")], ignore_index=True)
    assert_dtypes(both)
    assert_dtypes(get_messages("rich", types="no.such.type"))


def test_several_sessions(home: Path) -> None:
    write_session(home, "b", start(), prompt("in b"))
    write_session(home, "a", start(), prompt("in a"))
    write_session(home, "unprompted")
    wanted: dict[str, Any] = {"columns": ["session", "turn"], "types": "user.message"}
    assert get_messages(["b", "a", "b"], **wanted).values.tolist() == [["b", 1], ["a", 1]]
    assert get_messages("*", **wanted).values.tolist() == [["a", 1], ["b", 1]]
    assert_dtypes(get_messages("*"))


def test_types_roles_and_columns(home: Path) -> None:
    sample(home)
    frame = get_messages("rich", roles=["user", "tool"], columns=["content", "role"])
    assert list(frame.columns) == ["content", "role"]
    assert set(frame["role"]) == {"user", "tool"}
    assert list(frame.index) == list(range(len(frame)))
    assert set(get_messages("rich", types=["abort", "session.error"])["type"]) == {"session.error"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"roles": "asistant"}, "no role 'asistant'. Did you mean 'assistant'?"),
        ({"columns": ["type", "contents"]}, "no column 'contents'. Did you mean 'content'?"),
        ({"since": "yesterday"}, "since='yesterday' is no moment."),
        ({"until": "7 parsecs"}, "until='7 parsecs' is no moment."),
        ({"since": 7}, "since=7 is no moment."),
        ({"since": pd.NaT}, "since=NaT is no moment."),
        ({"since": "9999999999d"}, "is no moment."),
    ],
)
def test_what_cannot_be_meant(home: Path, options: dict[str, Any], message: str) -> None:
    sample(home)
    with pytest.raises(BadInput) as caught:
        get_messages("rich", **options)
    assert message in str(caught.value)


DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "moment",
    [
        DAY,
        DAY.astimezone().replace(tzinfo=None),
        pd.Timestamp(DAY),
        pd.Timestamp(DAY).tz_convert("Asia/Tokyo"),
        "2026-03-01T12:00:00Z",
        "2026-03-01 13:00:00+01:00",
        DAY.astimezone().replace(tzinfo=None).isoformat(" "),
    ],
    ids=str,
)
def test_since_and_until_include_the_moment(home: Path, moment: datetime | str) -> None:
    stamps = ["2026-03-01T11:59:59.999Z", "2026-03-01T12:00:00.000Z", "2026-03-01T12:00:00.001Z"]
    write_session(home, "s", *(event("x", timestamp=stamp) for stamp in [*stamps, "nonsense"]))
    found = get_messages("s")["timestamp"]
    assert found.isna().tolist() == [False] * 3 + [True]
    assert get_messages("s", since=moment)["timestamp"].tolist() == found.tolist()[1:3]
    assert get_messages("s", until=moment)["timestamp"].tolist() == found.tolist()[:2]


def test_a_day_is_meant_whole(home: Path) -> None:
    noon = datetime(2026, 3, 1, 12).astimezone()
    days = [noon + timedelta(days=shift) for shift in (-1, 0, 1)]
    write_session(home, "s", *(event("x", timestamp=day.isoformat()) for day in days))
    for day in ("2026-03-01", date(2026, 3, 1)):
        assert get_messages("s", since=day, until=day)["timestamp"].tolist() == [noon]


def test_an_age(home: Path) -> None:
    now = datetime.now(UTC)
    ages = [timedelta(days=6), timedelta(hours=11), timedelta(minutes=20)]
    write_session(home, "s", *(event("x", timestamp=(now - age).isoformat()) for age in ages))
    counts = [len(get_messages("s", since=age)) for age in ("1w", "7d", "12h", "30m", "90s")]
    assert counts == [3, 3, 2, 1, 0]
    assert len(get_messages("s", until="12h")) == 1


def test_an_unknown_session_names_the_closest(home: Path) -> None:
    write_session(home, "alice-churn", start())
    with pytest.raises(SessionNotFound, match=r"'alice-chrun'.* Did you mean 'alice-churn'"):
        get_messages("alice-chrun")
    with pytest.raises(SessionNotFound):
        get_messages(["alice-churn", "../../etc"])


def test_a_title_that_a_person_chose_will_do(home: Path) -> None:
    write_session(home, "x1", start(), workspace="name: 'My: title'\nuser_named: true\n")
    assert get_messages("my: TITLE")["session"].tolist() == ["x1"]


def test_damage_is_one_warning(home: Path) -> None:
    write_session(home, "s", raw=start() + b"\ngarbage\n" + prompt("one") + b"\n{torn")
    write_session(home, "t", raw=start() + b"\0")
    with pytest.warns(UserWarning, match="damaged in 3 places") as caught:
        frame = get_messages("*")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert frame["type"].tolist() == ["session.start", "user.message", "session.start"]
    damage = frame.attrs["copilot"]["damage"]
    assert json.loads(json.dumps(damage)) == damage
    assert set(damage[0]) == {"session", "line", "start", "end", "what"}
    assert [(place["session"], place["line"]) for place in damage] == [("s", 2), ("s", 4), ("t", 1)]


def test_a_frame_survives_parquet(home: Path, tmp_path: Path) -> None:
    sample(home)
    frame = get_messages("rich")
    frame.to_parquet(tmp_path / "f.parquet")
    again = pd.read_parquet(tmp_path / "f.parquet")
    assert again["content"].fillna("").tolist() == frame["content"].fillna("").tolist()


def test_a_turn(home: Path) -> None:
    def sent(name: str) -> bytes:
        return event("user.message", {"content": name, "messageId": f"id-{name}"})

    write_session(home, "s", start(), sent("one"), answer("1"), sent("two"), answer("2"))
    turn = get_turn("s", "id-two")
    assert_dtypes(turn)
    assert turn["content"].tolist() == ["two", "2"]
    assert turn["turn"].tolist() == [2, 2]
    assert_dtypes(get_turn("s", "id-three"))
    assert get_turn("s", "id-three").empty
    assert (has_message("s", "id-one"), has_message("s", "id-three")) == (True, False)
    assert has_message("unknown", "id-one") is False


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0), byte=st.integers(0, 255), cut=st.integers(0))
def test_no_damage_raises_or_changes_a_dtype(home: Path, at: int, byte: int, cut: int) -> None:
    folder = home / "session-state" / "rich"
    if not folder.exists():
        sample(home)
        (folder / "whole").write_bytes((folder / "events.jsonl").read_bytes())
    blob = bytearray((folder / "whole").read_bytes())
    blob[at % len(blob)] = byte
    (folder / "events.jsonl").write_bytes(bytes(blob[: len(blob) - cut % len(blob)]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_dtypes(get_messages("rich"))


@pytest.mark.parametrize(
    "form",
    [list, tuple, set, pd.Series, pd.Index, lambda names: pd.array(names, dtype="string"), iter],
)
def test_sessions_in_any_form_that_has_names(home: Path, form: Any) -> None:
    for session in "abc":
        write_session(home, session, start(), prompt(session))
    found = get_messages(form(["a", "b"]))
    assert sorted(found["session"].unique()) == ["a", "b"]
    # What one has at hand: the sessions of another frame.
    assert set(get_messages(found["session"].unique())["session"]) == {"a", "b"}


@pytest.mark.parametrize(
    "wrong", [{"session": 5}, {"session": [5]}, {"session": [None]}, {"session": Path("a")}]
)
def test_what_is_no_session_is_refused(home: Path, wrong: Any) -> None:
    with pytest.raises(BadInput, match="is no session's ID"):
        get_messages(**wrong)


@pytest.mark.parametrize("wrong", [{"types": 5}, {"roles": [5]}, {"columns": 5}])
def test_what_is_no_name_is_refused(home: Path, wrong: Any) -> None:
    with pytest.raises(BadInput, match="Give a text, or a list of texts"):
        get_messages("*", **wrong)


@pytest.mark.parametrize("bounds", [{}, {"since": "2026-01-01"}])
def test_no_columns_at_all(home: Path, bounds: Any) -> None:
    write_session(home, "a", start(), prompt("x"))
    assert get_messages("a", columns=[], **bounds).shape == (2, 0)


def test_a_folder_of_sessions_that_cannot_be_read_is_said(home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "session-state").write_text("in the way")
    for sessions in ("*", "a"):
        with pytest.raises(CopilotError, match=r"session-state cannot be read: Not a directory\."):
            get_messages(sessions)
