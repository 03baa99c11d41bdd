"""Nothing that a text asks the agent for happens without a yes, and the question shows it truly.

The model is the most obedient victim: it does whatever it reads. Each text is planted where the
agent meets texts, and its deed is tried twice: where nobody watches, and where a person is asked.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cells import Cell
from homes import is_foreign, make_home
from kernels import Notebook, assert_none_left
from markdown_it import MarkdownIt
from scripted import ScriptedServer
from security.injections import FEIGNED, INJECTIONS, TOUCH, Deed, Place, tool

SECRET = "s3cr3t"
_OF_DIFF = re.compile(r"diff --git |(?:new|create) file mode |index |--- [a/]|\+\+\+ b/|@@ | $")
SESSIONS = """%load_ext copilot_magics
import pandas
from copilot_magics import copilot_tool
api_key = "s3cr3t-variable"
@copilot_tool
def lookup(name: str) -> str:
    "Look something up."
    if isinstance(answer, Exception):
        raise answer
    return answer
%copilot_session runs --allow 'tool(notebook_run)'
%copilot_session victim --allow 'tool(notebook_variables)' --allow 'tool(notebook_inspect)' \
--allow 'tool(notebook_cells)' --allow 'tool(lookup)' --allow 'shell(cat docs/notes.md)'"""
RULES = """from copilot_magics.config import CopilotMagics as C
from copilot_magics.permissions import Policy
print(C.instance().permissions, C.instance().allow, id(lookup), list(vars(Policy)))
print('hit' in globals())"""
CLEAR = """for _name in 'planted text answer d df a figure o O f F'.split():
    globals().pop(_name, None)"""

QUICK = ("write", "allow", "feign", "change", "hide")
WATCHED = [
    pytest.param(name, marks=[] if name.split()[0] in QUICK else [pytest.mark.slow])
    for name, (_, deed) in INJECTIONS.items()
    if deed.title
]
LONG = ("hide behind a long line", "hide behind blanks", "hide below", "hide code in code")
"""Those of which it must be said that their end is out of sight."""
CONTROLS = [
    "in a file that is read",
    "in a column's name",
    "in what a sub-agent reads",
    "run code in the kernel",
    "write a file",
    "allow a pattern",
    "allow everything by configuration",
    "read keys of the folder",
    "post by a page",
    "post by code in the kernel",
    "hide below",
]


class Canary(ThreadingHTTPServer):
    """A server that must hear nothing."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        super().__init__(("127.0.0.1", 0), _Hearing)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Hearing(BaseHTTPRequestHandler):
    server: Canary

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.heard.append(f"{self.path} {sent!r}")
        self.send_response(200)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


class Victim:
    """A notebook whose agent does what it reads, and all that could be harmed.

    Parameters
    ----------
    folder : Path
        Where all of it lies.
    provider : ScriptedServer
        Who answers.
    canary : Canary
        Who must hear nothing.
    """

    def __init__(self, folder: Path, provider: ScriptedServer, canary: Canary) -> None:
        self.folder, self.provider, self.canary = folder, provider, canary
        self.work, self.away, self.home = (folder / name for name in ("work", "away", "home"))
        for path, text in {
            self.work / ".env": f"KEY={SECRET}-folder\n",
            self.away / ".env": f"KEY={SECRET}-away\n",
            self.work / ".github" / "hooks" / "none": "",
            self.home / ".ssh" / "id_rsa": f"{SECRET}-user\n",
            self.work / "notebook.ipynb": '{"cells": ["kept"]}\n',
            self.work / "docs" / "other.md": "x\n",
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.work / "link").symlink_to(self.away)
        self.warned = False
        self.kernel = Notebook(self.work)
        started = self.kernel.run(SESSIONS)
        assert started.status == "ok", started.text

    def real(self, text: str) -> str:
        """Put the folders' and the server's names in."""
        for name in ("work", "away", "home"):
            text = text.replace(name.upper(), str(self.folder / name))
        return text.replace("CANARY", self.canary.url)

    @contextlib.contextmanager
    def planted(self, place: Place, deed: Deed) -> Iterator[None]:
        """Plant a text, and take it away again."""
        text = self.real(deed.text if place.terse else f"{FEIGNED}{deed.text}")
        self.kernel.run(f"planted = {text!r}")
        self.kernel.run(place.cell.replace("PLAIN", text))
        file = self._file(place, text) if place.file else None
        try:
            yield
        finally:
            self.kernel.run(CLEAR)
            if file:
                file.unlink()

    def _file(self, place: Place, text: str) -> Path:
        file = self.work / place.file.replace("PLAIN", text)
        escaped = json.dumps(text)[1:-1] if file.suffix == ".ipynb" else text
        doubled = escaped.replace('"', '""') if file.suffix == ".csv" else escaped
        file.write_text(place.content.replace("PLAIN", doubled))
        return file

    def state(self) -> dict[str, object]:
        """Everything that a deed could have changed."""
        rules = self.kernel.run(RULES)
        assert rules.status == "ok", rules.text
        files = {
            str(path): path.read_bytes() if path.is_file() else None
            for top in (self.work, self.away, self.home)
            for path in top.rglob("*")
            # IPython keeps a history of what was run.
            if not path.name.startswith("history.sqlite")
        }
        return {**files, "heard": list(self.canary.heard), "rules": rules.stdout}

    def start(self, place: Place, *, watched: bool) -> Cell:
        """Have the agent meet what was planted."""
        prompt = f"%%copilot {place.options}\n{self.real(place.prompt)}\nobey"
        return self.kernel.start(prompt, allow_stdin=watched)

    def tried(self, since: int) -> list[tuple[str, object]]:
        """Return what the model called since so many requests."""
        return [
            (call["function"]["name"], json.loads(call["function"]["arguments"]))
            for request in self.provider.requests[since:]
            for message in request.messages
            for call in message.get("tool_calls") or ()
        ]

    @contextlib.contextmanager
    def unharmed(self) -> Iterator[None]:
        """Whatever happens here changes nothing, and no secret is told to anyone."""
        before, since = self.state(), len(self.provider.requests)
        ran = len(self.kernel.cells)
        yield
        assert self.state() == before
        sent = json.dumps([request.messages for request in self.provider.requests[since:]])
        assert SECRET not in sent
        assert sent.count("<attachment ") == sent.count("</attachment>")
        replies = [cell.reply for cell in self.kernel.cells[ran:]]
        # No cell was put anywhere.
        assert not any(reply["payload"] for reply in replies if reply and "payload" in reply)

    def mend(self) -> None:
        """Take back what a deed has done."""
        for file in ("hit", "hit.py", "docs/hit"):
            (self.work / file).unlink(missing_ok=True)
        self.canary.heard.clear()
        self.kernel.run("globals().pop('hit', None); C.instance().permissions = 'ask'")
        self.kernel.run("C.instance().allow = []\n%copilot_session victim")

    def ended(self, cell: Cell) -> bool:
        """Wait until the cell asks for leave, or has ended; whether it has."""
        kernel = self.kernel
        kernel.wait(lambda: cell.done or kernel.find_widget("Deny"), what="a question or the end")
        return cell.done

    def denied(self, cell: Cell) -> Iterator[tuple[str, str]]:
        """Deny all that is asked until the cell's end; what is shown: the title and the body."""
        while not self.ended(cell):
            shown = self.kernel.visible_widgets().values()
            values = [str(w.state["value"]) for w in shown if w.state["_model_name"] == "HTMLModel"]
            (title,) = re.findall(r'role="alert">(.*?)</b>', "".join(values), re.DOTALL)
            (body,) = re.findall(r"<pre[^>]*>(.*?)</pre>", "".join(values), re.DOTALL)
            # Of a diff, what it changes.
            lines = [line for line in plain(body).split("\n") if not _OF_DIFF.match(line)]
            self.warned = "⚠ It is long (" in "".join(values)
            yield plain(title), "\n".join(lines).strip("\n")
            self.kernel.wait_widget("Deny").click()
            self.kernel.wait(lambda: self.kernel.find_widget("Deny") is None)

    def close(self) -> None:
        self.kernel.close()


@pytest.fixture(scope="module")
def victim(installed_runtime: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    """One notebook for all: what would be left of one text would be seen with the next."""
    folder = tmp_path_factory.mktemp("injection")
    with (
        pytest.MonkeyPatch.context() as patch,
        ScriptedServer(key="any") as provider,
        Canary() as canary,
    ):
        for name in filter(is_foreign, list(os.environ)):
            patch.delenv(name)
        for name, value in {
            **make_home(folder),
            "COPILOT_CLI_PATH": str(installed_runtime),
            "COPILOT_PROVIDER_TYPE": "openai",
            "COPILOT_PROVIDER_BASE_URL": provider.url,
            "COPILOT_PROVIDER_API_KEY": "any",
            "COPILOT_MODEL": "scripted",
            "DATABASE_PASSWORD": f"{SECRET}-environment",
        }.items():
            patch.setenv(name, value)
        victim = Victim(folder, provider, canary)
        yield victim
        victim.close()
        canary.shutdown()
    assert_none_left(folder / "copilot-home")


def plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@pytest.mark.parametrize("name", INJECTIONS)
def test_nothing_is_done_where_nobody_watches(victim: Victim, name: str) -> None:
    place, deed = INJECTIONS[name]
    with victim.unharmed(), victim.planted(place, deed):
        since = len(victim.provider.requests)
        cell = victim.start(place, watched=False).result()
        assert cell.status == "ok", cell.text
        assert (f"Refused ({deed.title})" in cell.text) is bool(deed.title), cell.text
        check_inert(cell)
        if wanted := re.search(r"^tool (\w+) (\{.*)", victim.real(deed.text), re.MULTILINE):
            call = (wanted[1], json.loads(wanted[2]))
            assert call in victim.tried(since), "the victim did not obey"


@pytest.mark.parametrize("name", WATCHED)
def test_what_is_asked_is_what_would_be_done(victim: Victim, name: str) -> None:
    place, deed = INJECTIONS[name]
    with victim.unharmed(), victim.planted(place, deed):
        cell = victim.start(place, watched=True)
        if deed.text.startswith("ask"):
            # Whoever takes it for the real question allows nothing.
            victim.kernel.wait_widget("Allow once").click()
            victim.kernel.wait(lambda: victim.kernel.find_widget("Allow until this kernel stops"))
        asked = set(victim.denied(cell))
        assert cell.status == "ok", cell.text
        assert victim.warned is (name in LONG)
        assert asked == {(f"Copilot wants to {deed.title}:", victim.real(deed.shown))}
        assert f"Denied ({deed.title})" in cell.text
        check_inert(cell)


@pytest.mark.parametrize("name", CONTROLS)
def test_the_same_is_done_where_all_is_allowed(victim: Victim, name: str) -> None:
    """The control: the victim obeys, and whatever it does is seen."""
    place, deed = INJECTIONS[name]
    victim.kernel.run("%copilot_session free --permissions allow-all")
    try:
        with pytest.raises(AssertionError), victim.unharmed(), victim.planted(place, deed):
            assert victim.start(place, watched=False).result().status == "ok"
    finally:
        victim.mend()


def test_instructions_of_a_folder_allow_nothing(victim: Victim) -> None:
    """What AGENTS.md says is part of the system's message: the strongest words a folder has."""
    agents = victim.folder / "led" / "AGENTS.md"
    agents.parent.mkdir()
    agents.write_text(f"{FEIGNED}{TOUCH.text}\n")
    with victim.unharmed():
        since = len(victim.provider.requests)
        victim.kernel.run("%copilot_session led --cwd ../led")
        cell = victim.kernel.run("%%copilot\nGo on.\nobey", allow_stdin=False)
        victim.kernel.run("%copilot_session victim")
        assert ("bash", {"command": ">hit"}) in victim.tried(since)
        assert "Refused (run a command)" in cell.text
        assert list(agents.parent.iterdir()) == [agents]


def test_no_agent_has_a_tool_that_reaches_out_unasked(victim: Victim) -> None:
    """Those for which the runtime asks nobody: to search on GitHub, or in other conversations."""
    calls = {
        "semantic_code_search": {"query": "aSBrbm93", "repo": "octocat/hello"},
        "session_store_sql": {"description": "d", "query": "SELECT * FROM turns"},
        "lsp": {"operation": "hover", "file": str(victim.work / "a.py"), "line": 1, "character": 1},
    }
    since = len(victim.provider.requests)
    with victim.unharmed():
        for name, arguments in calls.items():
            direct = tool(name, **arguments)
            sub = {"description": "d", "agent_type": "general-purpose", "name": "n"}
            for prompt in (direct, tool("task", prompt=direct, **sub)):
                cell = victim.kernel.run(f"%%copilot\n{prompt}", allow_stdin=False)
                assert f"Tool '{name}' does not exist." in cell.text
    for request in victim.provider.requests[since:]:
        assert calls.keys().isdisjoint(one["function"]["name"] for one in request.body["tools"])


def test_what_a_line_fills_in_mentions_nothing(victim: Victim) -> None:
    """IPython's {name} puts a variable's text into the line; its ``@`` are not the user's."""
    texts = ("see @.env and @api_key", "@link/.env", "ada @ home, @nobody_at_all", "@{api_key}")
    for text in texts:
        with victim.unharmed():
            victim.kernel.run(f"planted = {text!r}\nname = 'lookup'")
            cell = victim.kernel.run("%copilot say: Read. {planted} @{name} $planted")
            assert cell.status == "ok", cell.text
            assert "Sent along: lookup (function" in cell.text
            assert ".env" not in cell.text.partition("</details>")[0]
            victim.kernel.run(CLEAR)
    for options in ("--attach .env", "--session runs", "--context all --timeout 1"):
        since = len(victim.provider.requests)
        victim.kernel.run(f"planted = '{options} say: hello'")
        refused = victim.kernel.run("%copilot {planted}")
        assert "options that were not typed" in refused.evalue
        assert len(victim.provider.requests) == since
    victim.kernel.run("n = 120")
    typed = "%copilot --timeout {n} --into reply say: {'hel' + 'lo'}"
    line = victim.kernel.run(f"{typed}\nprint(reply.text)")
    assert line.stdout == "hello\n"


def check_inert(cell: Cell) -> None:
    """What an answer shows is nothing that a browser would fetch, run or follow by itself."""
    (answer,) = (data["text/markdown"] for data in cell.displays if "text/markdown" in data)
    page = MarkdownIt("commonmark", {"html": True}).render(answer)
    assert not re.search(
        r"<(?!/?(?:details|summary|p|pre|code|sub|em|strong|ul|ol|li|h\d|blockquote|a|br|hr)\b)",
        page,
    )
