"""The session picker's kernel side, in a real kernel: what the page asks, and what it is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from journals import answer, prompt, start, write_session
from kernels import Notebook, Widget
from scripted import ScriptedServer

from copilot_magics.transcripts import find, known_ids

Start = Callable[..., Notebook]
Json = dict[str, Any]


class Picker:
    """A picker on display in a notebook, as its page sees it."""

    def __init__(self, nb: Notebook, code: str = "picker = SessionPicker()\npicker") -> None:
        cell = nb.run(code)
        assert cell.status == "ok", cell.text
        assert cell.stderr == ""
        self.cell = cell
        self.nb = nb
        self.widget: Widget = next(
            widget for widget in nb.widgets.values() if "_rows" in widget.state
        )
        self._taken = 0

    def say(self, do: str, **content: Any) -> None:
        self.widget.send({"do": do, **content})

    def rows(self) -> dict[str, Json]:
        """Return the rows as the page has them by now."""
        self.nb.read()
        rows = {row["id"]: row for row in self.widget.state["_rows"]}
        for told in self.widget.heard:
            if told["is"] == "rows":
                rows.update({row["id"]: row for row in told["rows"]})
                for gone in told["gone"]:
                    rows.pop(gone, None)
        return rows

    def wait_rows(self, condition: Callable[[dict[str, Json]], object]) -> dict[str, Json]:
        self.nb.wait(lambda: condition(self.rows()), what="such rows")
        return self.rows()

    def told(self, kind: str) -> Json:
        """Wait for the next message of a kind."""

        def new() -> list[Json]:
            return [told for told in self.widget.heard[self._taken :] if told["is"] == kind]

        self.nb.wait(new, what=f"a message {kind}")
        found = new()[0]
        self._taken = self.widget.heard.index(found, self._taken) + 1
        return found

    def done(self, do: str, **content: Any) -> str:
        """Do something that must succeed, and return what is said of it."""
        self.say(do, **content)
        said = self.told("said")
        assert not said["error"], said
        return str(said["text"])

    def refused(self, do: str, **content: Any) -> str:
        self.say(do, **content)
        said = self.told("said")
        assert said["error"], said
        return str(said["text"])


@pytest.fixture
def nb(notebook: Start, tmp_path: Path) -> Notebook:
    """A notebook with a session ``mine`` of one turn."""
    started = notebook(tmp_path / "work")
    for code in (
        "%load_ext copilot_magics",
        "%copilot_session mine",
        "%%copilot\nsay: a walrus in the answer",
    ):
        assert started.run(code).status == "ok"
    return started


def test_rows_come_with_the_widget_and_follow_the_disk(
    nb: Notebook, home: Path, tmp_path: Path
) -> None:
    picker = Picker(nb)
    (row,) = picker.widget.state["_rows"]
    assert (row["id"], row["here"], row["in_folder"], row["turns"]) == ("mine", True, True, 1)
    assert row["title"] == "say: a walrus in the answer"
    assert row["notebook"] == str(tmp_path / "work" / "notebook.ipynb")
    assert row["notebook"] in row["user"]
    head = picker.widget.state["_head"]
    assert (head["state"], head["notice"], head["total"], head["complete"]) == ("ok", "", 1, True)

    picker.say("hello")
    assert picker.told("rows")["rows"][0]["id"] == "mine"
    folder = write_session(home, "made-elsewhere", start(), prompt("hello"), answer("yes"))
    picker.wait_rows(lambda rows: rows.get("made-elsewhere", {}).get("turns") == 1)
    nb.wait(lambda: picker.widget.state["_head"]["total"] == 2)
    with (folder / "events.jsonl").open("ab") as file:
        file.write(prompt("again") + b"\n")
    picker.wait_rows(lambda rows: rows["made-elsewhere"]["turns"] == 2)
    shutil.rmtree(folder)
    picker.wait_rows(lambda rows: list(rows) == ["mine"])
    nb.run("%copilot_session --disconnect")
    picker.wait_rows(lambda rows: rows["mine"]["user"] == "")
    nb.run("picker.close()")


def test_its_value_can_be_observed_and_its_options_are_traits(nb: Notebook) -> None:
    picker = Picker(
        nb,
        "picker = SessionPicker(['this-folder', 'older:7d'], search='x', height=300)\n"
        "seen = []\npicker.observe(lambda change: seen.append(change['new']), 'value')\npicker",
    )
    state = picker.widget.state
    assert (state["value"], state["selected"], state["search"]) == (None, [], "x")
    assert (state["filters"], state["older"]) == (["this-folder", "older"], "7d")
    assert state["height"] == "300px"
    picker.widget.set(value="mine", selected=["mine"])
    nb.wait(lambda: nb.run("print(seen)").stdout == "['mine']\n")
    bad = nb.run("SessionPicker(filter='churn')")
    assert bad.ename == "BadInput"
    assert bad.evalue.startswith("There is no filter 'churn'. There are this-notebook, ")
    assert nb.run("SessionPicker(filter='in_use')").evalue.startswith(
        "There is no filter 'in_use'. Did you mean 'in-use'?"
    )
    nb.run("import ipywidgets\nbox = ipywidgets.VBox([SessionPicker()])")
    assert nb.run("box").status == "ok"

    nb.widgets.clear()
    assert nb.run("%copilot_sessions").status == "ok"
    assert any("_rows" in widget.state for widget in nb.visible_widgets().values())
    listed = nb.run("%copilot_sessions --list")
    assert "walrus" in listed.value["text/html"]


def test_the_conversation_is_shown_and_searched(nb: Notebook, home: Path) -> None:
    picker = Picker(nb)
    picker.say("preview", id="mine", before=None, n=4)
    told = picker.told("preview")
    assert (told["id"], told["before"], told["n"], told["start"]) == ("mine", None, 4, None)
    assert "<p>a walrus in the answer</p>" in told["html"]

    for n in range(30):
        write_session(home, f"s{n}", prompt("Walrus?" if n == 7 else "no"))
    picker.say("hello")
    picker.wait_rows(lambda rows: len(rows) == 31)
    picker.say("search", text="no such thing at all", n=1)
    picker.say("search", text="walrus", n=2)
    hits: dict[str, Json] = {}
    while not (told := picker.told("hits"))["done"] or told["n"] == 1:
        if told["n"] == 2:
            hits.update({hit["id"]: hit for hit in told["hits"]})
    hits.update({hit["id"]: hit for hit in told["hits"]})
    assert (told["read"], told["total"]) == (31, 31)
    assert hits.keys() == {"mine", "s7"}
    hit = hits["s7"]
    assert (hit["role"], hit["text"][hit["at"] :][: hit["length"]]) == ("user", "Walrus")


def test_what_is_done_with_one_session(nb: Notebook, home: Path, provider: ScriptedServer) -> None:
    nb.run("%copilot_session other")
    nb.run("%%copilot\nsay: two")
    picker = Picker(nb)
    picker.say("hello")
    told = picker.done("resume", id="mine")
    assert told.startswith("Resumed mine · 1 turn · last used ")
    assert told.endswith("This notebook is bound to it.")
    # In the notebook, and it stays there.
    nb.wait(lambda: picker.cell.displays[-1]["text/plain"] == told)
    picker.wait_rows(lambda rows: rows["mine"]["here"] and not rows["other"]["here"])
    nb.run("%%copilot\nrecall")
    assert provider.requests[-1].prompts == ["say: a walrus in the answer", "recall"]

    told = picker.done("fork", id="mine")
    fork = find("mine (fork)")
    assert told.startswith(f"Forked mine. Resumed {fork} · “mine (fork)” · 2 turns ")
    nb.run("%%copilot\nsay: on")
    assert provider.requests[-1].prompts[1:] == ["recall", "say: on"]

    assert picker.done("title", id="mine", title=" A new one ") == (
        "Session mine is now titled “A new one”."
    )
    assert find("a new one") == "mine"
    assert "cannot be a title" in picker.refused("title", id="mine", title="\n")

    assert picker.done("star", id="mine", on=True) == "Starred mine."
    picker.wait_rows(lambda rows: rows["mine"]["star"])
    assert picker.done("star", id="mine", on=False) == "Took the star from mine."
    picker.wait_rows(lambda rows: not rows["mine"]["star"])


def test_sessions_are_exported_and_cleared_away(nb: Notebook, home: Path, tmp_path: Path) -> None:
    write_session(home, "other", prompt("# Why?"), answer("Be<b>cause</b>"))
    picker = Picker(nb)
    work = tmp_path / "work"
    told = picker.done("export", **{"ids": ["mine", "other"], "as": "markdown"})
    assert told == f"Exported to mine.md, other.md in {work}."
    text = (work / "other.md").read_text()
    assert text.startswith("# \\# Why?\n\nSession `other`\n\n## You · 2026-03-01 10:00 UTC\n")
    assert text.index("\n# Why?\n") < text.index("## m-1 · 2026-03-01 10:00 UTC")
    assert "Be&lt;b>cause&lt;/b>" in text
    assert "a walrus in the answer" in (work / "mine.md").read_text()
    told = picker.done("export", **{"ids": ["other"], "as": "jsonl"})
    assert told == f"Exported to other.jsonl in {work}."
    journal = (home / "session-state" / "other" / "events.jsonl").read_text()
    lines = [json.loads(line) for line in (work / "other.jsonl").read_text().splitlines()]
    assert lines == [json.loads(line) for line in journal.splitlines()]
    # Nothing is overwritten.
    assert "other-2.jsonl" in picker.done("export", **{"ids": ["other"], "as": "jsonl"})

    write_session(home, "empty", start())
    write_session(home, "abandoned", start(), prompt("p"))
    write_session(home, "fine", start(), prompt("p"), answer("a"))
    picker.say("clean", age="30d")
    found = {one["id"]: one["why"] for one in picker.told("clean")["proposals"]}
    assert found == {"empty": "empty", "abandoned": "abandoned"}
    picker.say("clean", age="0s")
    found = {one["id"]: one["why"] for one in picker.told("clean")["proposals"]}
    assert found == {"empty": "empty", "abandoned": "abandoned", "fine": "old", "other": "old"}
    assert "is no moment" in picker.refused("clean", age="long ago")
    assert len(known_ids()) == 5


def test_delete_spares_what_is_in_use(
    nb: Notebook, notebook: Start, home: Path, tmp_path: Path
) -> None:
    other = notebook(tmp_path / "work", "other.ipynb")
    other.run("%load_ext copilot_magics\n%copilot_session theirs")
    for session in ("x", "y"):
        write_session(home, session, prompt("p"), answer("a"))
    picker = Picker(nb)
    for session in ("theirs", "mine"):
        told = picker.refused("delete", ids=[session])
        assert told.startswith(f"The session '{session}' is in use by ")
    picker.say("delete", ids=["x", "theirs", "y"])
    done, refused = picker.told("said"), picker.told("said")
    assert done["text"].startswith("Deleted 2 sessions (")
    assert (done["error"], refused["error"]) == (False, True)
    assert known_ids() == ["mine", "theirs"]


def test_what_there_is_to_say_when_there_is_nothing_to_show(
    plain_notebook: Start, home: Path
) -> None:
    nb = plain_notebook(env={"PATH": "/nowhere", "COPILOT_CLI_PATH": None})
    nb.run("%load_ext copilot_magics")
    head = Picker(nb).widget.state["_head"]
    assert (head["state"], head["text"]) == ("empty", "There are no sessions yet.")
    assert "%copilot_session NAME creates one" in head["mend"]
    assert head["notice"].startswith("The Copilot runtime was not found. ")
    assert head["notice"].endswith("sessions can be read here, searched and exported.")
    nb.run("picker.close(); del picker")
    nb.widgets.clear()
    home.mkdir()
    (home / "session-state").write_text("a file")
    head = Picker(nb).widget.state["_head"]
    assert head["state"] == "unreadable"
    assert head["text"] == f"{home / 'session-state'} cannot be read: Not a directory."
