"""Several kernels of one user share a runtime: it is spoken to, and neither started nor ended."""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from figures import FaultOf
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.__main__ import main
from copilot_magics.config import CopilotMagics
from copilot_magics.errors import BadInput, RuntimeUnavailable
from copilot_magics.runtime.shared import find_listener

Start = Callable[..., Notebook]
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOKEN_ENV = "COPILOT_CONNECTION_TOKEN"
LOAD = "%load_ext copilot_magics\n%config CopilotMagics.runtime_url = 'localhost:{}'"


class Served:
    """A runtime that a test serves."""

    def __init__(self, path: Path, token: str, home: str = "") -> None:
        environment = {**os.environ, TOKEN_ENV: token}
        if home:
            environment["COPILOT_HOME"] = home
        for name in [name for name in environment if name.startswith("COPILOT_PROVIDER")]:
            del environment[name]
        self.process = subprocess.Popen(
            [path, "--headless", "--no-auto-update", "--port", "0"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode()
        found = re.search(r"port (\d+)", said)
        assert found is not None, said
        self.port = int(found[1])

    def end(self) -> None:
        """End it, and wait until it has ended."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def serve(runtime_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Served]]:
    """Serve a runtime with the token that the kernels have; all are ended."""
    token = secrets.token_urlsafe()
    monkeypatch.setenv(TOKEN_ENV, token)
    served: list[Served] = []

    def start(token: str = token, home: str = "") -> Served:
        served.append(Served(runtime_path, token, home))
        return served[-1]

    yield start
    for runtime in served:
        runtime.end()


def answer_from_the_future(listening: socket.socket) -> None:
    """Answer one greeting as a runtime of a later version would."""
    connection, _ = listening.accept()
    with connection, connection.makefile("rwb") as stream:
        length = int(stream.readline().removeprefix(b"Content-Length:"))
        stream.readline()
        request = json.loads(stream.read(length))
        result = {"ok": True, "protocolVersion": 99, "version": "9.9.9"}
        answer = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode()
        stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer))
        stream.flush()
        stream.read(1)


def test_two_kernels_share_one_and_every_magic_works(
    notebook: Start,
    provider: ScriptedServer,
    serve: Callable[..., Served],
    tmp_path: Path,
    home: Path,
) -> None:
    served = serve()
    one, two = notebook(), notebook(tmp_path / "work", "other.ipynb")
    for kernel in (one, two):
        assert kernel.run(LOAD.format(served.port)).status == "ok"

    assert "Created a" in one.run("%copilot_session a").stdout
    assert "one" in one.run("%%copilot\nsay: one").text
    refused = two.run("%copilot_session a")
    assert refused.ename == "SessionInUse"
    assert f"notebook.ipynb (process {one.pid}" in refused.evalue
    assert "Created b" in two.run("%copilot_session b").stdout
    # Both at once, and each hears its own.
    asked = [k.start(f"%%copilot\nsay: {name}") for k, name in ((one, "first"), (two, "second"))]
    assert [("first" in c.result().text, "second" in c.text) for c in asked] == [
        (True, False),
        (False, True),
    ]
    # From its first prompt on a session has the runtime's mark, which is nobody else's.
    assert list((home / "session-state" / "b").glob(f"inuse.{served.process.pid}.*"))
    assert "again" in two.run("%%copilot\nsay: again").text

    assert "scripted-mini" in two.run("%copilot_models").text
    assert "titled “A title”" in two.run("%copilot_sessions --title b A title").stdout
    assert "SessionInUse" in one.run("%copilot_sessions --delete b --yes").ename
    forked = two.run("%copilot_session of-a --fork a")
    assert "Forked a." in forked.stdout
    assert "- say: one" in two.run("%%copilot\nrecall").text
    two.run("%copilot_session b --disconnect")
    assert "Deleted b" in one.run("%copilot_sessions --delete b --yes").stdout
    assert not (home / "session-state" / "b").exists()
    # Neither the picker nor a prompt needs a runtime here, and the picker says so.
    two.run("import os\ndel os.environ['COPILOT_CLI_PATH'], os.environ['PATH']")
    two.run("from copilot_magics import SessionPicker\npicker = SessionPicker()\npicker")
    assert two.run("picker._notice").value == {"text/plain": "''"}

    cell = one.start("%%copilot\nsilent after: A piece.")
    cell.wait_output(lambda cell: "A piece." in cell.text)
    one.interrupt()
    assert cell.result().ename == "TurnInterrupted"
    assert "- say: first" in one.run("%%copilot\nrecall").text

    # A kernel that is killed in the middle of a turn leaves the session to the next one, although
    # a process that it forked lives on.
    one.run(
        "import multiprocessing, time\n"
        "child = multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,))\n"
        "child.start()"
    )
    child = psutil.Process(int(one.run("print(child.pid)").stdout))
    cell = one.start("%%copilot\nsilent after: Another piece.")
    cell.wait_output(lambda cell: "Another piece." in cell.text)
    one.kill()
    assert provider.last.abandoned.wait(15)
    child.kill()
    assert "Resumed a" in two.run("%copilot_session a").stdout
    assert "- say: first" in two.run("%%copilot\nrecall").text

    assert [p for p in two.process.children() if "--headless" in p.cmdline()] == []
    two.run("%config CopilotMagics")
    shown = str([(cell.outputs, cell.messages) for cell in (*one.cells, *two.cells)])
    assert os.environ[TOKEN_ENV] not in shown
    assert served.process.poll() is None


def in_conversation(notebook: Start, served: Served) -> Notebook:
    """Start a notebook that has had an answer through a shared runtime."""
    kernel = notebook()
    kernel.run(LOAD.format(served.port))
    kernel.run("%copilot_session a")
    assert "kept" in kernel.run("%%copilot\nsay: kept").text
    return kernel


def test_a_connection_that_is_lost_ends_the_turn_and_is_made_again(
    notebook: Start, provider: ScriptedServer, serve: Callable[..., Served], fault: FaultOf
) -> None:
    served = serve()
    kernel = in_conversation(notebook, served)

    with fault("shared runtime killed, mid-stream") as it:
        cell = kernel.start("%%copilot\nsilent after: A piece.")
        cell.wait_output(lambda cell: "A piece." in cell.text)
        it.strikes()
        served.end()
        assert cell.result().ename == "TurnFailed"
        it.told(within=5)
        it.acknowledged = 1
        assert f"shared Copilot runtime at localhost:{served.port} was lost while" in cell.evalue
        gone = kernel.run("%%copilot\nsay: nobody")
        assert gone.ename == "RuntimeUnavailable"
        assert f"No shared Copilot runtime listens at localhost:{served.port}." in gone.evalue
        other = serve()
        kernel.run(f"%config CopilotMagics.runtime_url = 'localhost:{other.port}'")
        again = kernel.run("%%copilot\nrecall")
        assert "had been lost; the session is resumed" in again.text
        assert "- say: kept" in again.text

    # One of its own, from now on.
    kernel.run("%config CopilotMagics.runtime_url = ''")
    assert "- say: kept" in kernel.run("%%copilot\nrecall").text
    assert [p for p in kernel.process.children() if "--headless" in p.cmdline()]


@pytest.mark.slow
def test_one_that_hangs_is_left_alone(
    notebook: Start, serve: Callable[..., Served], fault: FaultOf
) -> None:
    served = serve()
    kernel = in_conversation(notebook, served)
    with fault("shared runtime hangs, mid-stream") as it:
        cell = kernel.start("%%copilot\nsilent after: A piece.")
        cell.wait_output(lambda cell: "A piece." in cell.text)
        served.process.send_signal(signal.SIGSTOP)
        it.strikes()
        cell.wait_output(lambda cell: "the Copilot runtime does not answer" in cell.text)
        it.told(within=15)
        kernel.interrupt()
        assert cell.result().ename == "TurnInterrupted"
        # It is not ours to end.
        assert served.process.poll() is None
        served.process.send_signal(signal.SIGCONT)
        assert "- say: kept" in kernel.run("%%copilot\nrecall").text


def test_what_cannot_be_shared_is_one_sentence_and_a_mend(
    notebook: Start, serve: Callable[..., Served], provider: ScriptedServer, tmp_path: Path
) -> None:
    served, elsewhere = serve(), serve(home=str(tmp_path / "elsewhere"))
    kernel = notebook()
    kernel.run(LOAD.format(served.port))
    set_url = "%config CopilotMagics.runtime_url = {!r}\n%copilot_session a"
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = unused.getsockname()[1]
    future = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=answer_from_the_future, args=(future,), daemon=True).start()
    web = provider.url.removeprefix("http://").removesuffix("/v1")
    for url, what, mend in (
        (f"localhost:{nobody}", "No shared Copilot runtime listens at", "Start it"),
        (web, "cannot be used as a shared Copilot runtime", "runs one"),
        (f"127.0.0.1:{future.getsockname()[1]}", "version 99", "that fits"),
        ("models.example.com:7777", "runtime_url cannot be", "of this machine"),
        (f"https://localhost:{served.port}", "runtime_url cannot be", "not encrypted"),
        ("localhost:99999", "runtime_url cannot be", "a port"),
        (f"localhost:{elsewhere.port}", "keeps its sessions in", "the same COPILOT_HOME"),
    ):
        cell = kernel.run(set_url.format(url))
        assert cell.ename in ("RuntimeUnavailable", "BadInput"), cell.text
        assert what in cell.evalue
        assert mend in cell.evalue
        assert "\n" not in cell.evalue

    kernel.run("import os\nright = os.environ.pop('COPILOT_CONNECTION_TOKEN')")
    missing = kernel.run(set_url.format(f"localhost:{served.port}"))
    assert "wants a token. Put the token that it was started with into" in missing.evalue
    kernel.run("os.environ['MINE'] = 'wrong'\n%config CopilotMagics.runtime_token_env = 'MINE'")
    wrong = kernel.run(set_url.format(f"localhost:{served.port}"))
    assert "refused the token" in wrong.evalue
    assert "variable MINE" in wrong.evalue
    kernel.run("os.environ['MINE'] = right")
    assert "Created a" in kernel.run(set_url.format(f"localhost:{served.port}")).stdout
    told = str([(cell.outputs, cell.messages) for cell in kernel.cells])
    assert os.environ[TOKEN_ENV] not in told
    future.close()


def test_the_readme_runs_one_for_a_user_of_a_hub(
    notebook: Start, runtime_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (script,) = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    (settings,) = re.findall(r"```python\n(# ipython_config.py\n.*?)```", README, re.DOTALL)
    monkeypatch.setenv("SOME_API_KEY", "canary")
    server = tmp_path / "bin" / "jupyterhub-singleuser"
    server.parent.mkdir()
    server.write_text('#!/bin/sh\necho "$COPILOT_RUNTIME_PORT $COPILOT_CONNECTION_TOKEN"\ncat\n')
    server.chmod(0o755)
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_config.py").write_text(f"c = get_config()\n{settings}")
    path = os.pathsep.join([str(server.parent), str(Path(sys.executable).parent), "/usr/bin:/bin"])
    with subprocess.Popen(
        ["bash", "-c", script],
        env={**os.environ, "PATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as hub:
        assert hub.stdout is not None
        # The server's line and the runtime's, in either order.
        said = sorted((hub.stdout.readline().decode() for _ in range(2)), key=len)
        assert re.search(r"listening on port", said[0]), said
        port, token = said[1].split()
        names = {"COPILOT_RUNTIME_PORT": port, TOKEN_ENV: token, "IPYTHONDIR": str(profile.parent)}
        kernel = notebook(env=names)
        assert "Created a" in kernel.run("%load_ext copilot_magics\n%copilot_session a").stdout
        shared = psutil.Process(find_listener(port).pid)
        assert shared not in kernel.process.children()
        assert "SOME_API_KEY" not in shared.environ()
        assert shared.environ()[TOKEN_ENV] == token
        # The hub ends the server; what was started beside it ends by itself.
        hub.kill()
        _, left = psutil.wait_procs([shared], timeout=15)
        assert not left


def test_the_doctor_asks_it(
    serve: Callable[..., Served],
    provider: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    served = serve()
    # It needs no runtime here.
    monkeypatch.setenv("COPILOT_CLI_PATH", "/nowhere")
    try:
        assert main(["doctor", "--runtime-url", f"localhost:{served.port}"]) == 0
        said = capsys.readouterr().out
        assert f"at localhost:{served.port}, shared (process {served.process.pid})" in said
        assert os.environ[TOKEN_ENV] not in said
        monkeypatch.setenv(TOKEN_ENV, "wrong")
        assert main(["doctor", "--runtime-url", f"localhost:{served.port}"]) == 1
        assert "refused the token" in capsys.readouterr().out
    finally:
        CopilotMagics.clear_instance()
    assert served.process.poll() is None


def test_nothing_is_sent_to_what_is_not_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = socket.create_server(("127.0.0.1", 0))
    port = heard.getsockname()[1]
    found = find_listener(f"localhost:{port}")
    assert (found.address, found.pid) == (f"127.0.0.1:{port}", os.getpid())
    # Nobody's user number: to be another user takes root.
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(RuntimeUnavailable, match="no process of yours, so nothing was sent"):
        find_listener(f"localhost:{port}")
    connection, _ = heard.accept()
    with connection:
        assert connection.recv(1) == b""
    heard.close()
    for url in ("", "localhost", "0", "user@localhost:1", "localhost:1/x", "::1:80", "10.0.0.1:80"):
        with pytest.raises(BadInput, match="runtime_url cannot be"):
            find_listener(url)
