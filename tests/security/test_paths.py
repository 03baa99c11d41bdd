"""Real paths decide, whichever way they are spelled: rules first, then the real runtime."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.permissions import Policy, understand

Start = Callable[..., Notebook]
CANARY = "CANARY-outside"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working folder of traps, beside what it must not reach."""
    work, outside = tmp_path / "work", tmp_path / "outside"
    for made in (work / "src" / "deep", outside / "deep"):
        made.mkdir(parents=True)
    (work / "a.txt").write_text("inside")
    (work / "src" / "b.txt").write_text("inside")
    (outside / "secret.txt").write_text(CANARY)
    (outside / "deep" / "secret.txt").write_text(CANARY)
    (work / ".env").write_text(f"KEY={CANARY}")
    (work / "id_ed25519").write_text(CANARY)
    links = {
        "link.txt": outside / "secret.txt",
        "linked": outside,
        "up": "..",
        "chain": "linked",
        "chain2": "chain/deep",
        "notes.txt": ".env",
        "src/back": "../../outside",
        "cwd": "/proc/self/cwd",
        "root": "/proc/self/root",
        "descriptors": "/dev/fd",
        "inner": "src",
    }
    for name, target in links.items():
        (work / name).symlink_to(target)
    return work


INSIDE = ["a.txt", "./a.txt", "src/../a.txt", "src//b.txt", "inner/b.txt", "inner/deep/../b.txt"]
OUTSIDE = [
    "link.txt", "linked/secret.txt", "up/outside/secret.txt", "../outside/secret.txt",
    "chain/secret.txt", "chain2/secret.txt", "chain2/../secret.txt", "src/back/secret.txt",
    "src/../linked/secret.txt", "linked/../outside/secret.txt", "linked/deep/../secret.txt",
    "src/deep/../../../outside/secret.txt", "./././linked/./secret.txt", "linked//secret.txt",
    "root/{outside}/secret.txt", "cwd/../outside/secret.txt", "{outside}/secret.txt",
    "/{outside}/secret.txt", "//{outside}/secret.txt", "/proc/self/root{outside}/secret.txt",
    "/proc/1/root{outside}/secret.txt", "/proc/self/cwd/../outside/secret.txt",
    "/proc/thread-self/root{outside}/secret.txt", "/dev/../{outside}/secret.txt",
]  # fmt: skip
SECRET = [
    ".env",
    "./.env",
    "src/../.env",
    "notes.txt",
    "id_ed25519",
    ".ENV",
    ".env.",
    ".env ",
    ".env::$DATA",
]
OF_A_PROCESS = [
    "/proc/self/environ", "/proc/self/cwd/a.txt", "cwd/a.txt", "/proc/self/fd/0", "descriptors/0",
    "/dev/stdin", "/dev/fd/3", "/proc/{pid}/environ", "/proc/{pid}/mem", "root/etc/hostname",
]  # fmt: skip


def spelled(path: str, folder: Path) -> str:
    return path.format(outside=folder.parent / "outside", pid=os.getpid())


def verdict(kind: str, path: str, folder: Path, *, mode: str = "ask", **rules: list[str]) -> str:
    named = {"read": "path", "write": "fileName"}[kind]
    raw = {"kind": kind, named: path, "diff": "+x", "intention": "Read file: x"}
    policy = Policy(mode, rules.get("allow", []), rules.get("deny", []), folder)
    return policy.decide(understand(raw, folder)).verdict


@pytest.mark.parametrize("path", INSIDE)
def test_what_is_inside_is_read(path: str, folder: Path) -> None:
    assert verdict("read", path, folder) == "allow"
    assert verdict("write", path, folder, allow=["write(.)"]) == "allow"


@pytest.mark.parametrize("path", [*OUTSIDE, *SECRET, *OF_A_PROCESS])
def test_what_is_not_is_asked_for(path: str, folder: Path) -> None:
    path = spelled(path, folder)
    for allow in ([], ["read(.)", "write(.)"], ["read(**)", "write(*)"]):
        for kind in ("read", "write"):
            assert verdict(kind, path, folder, allow=allow) == "ask"
            assert verdict(kind, path, folder, mode="read-only", allow=allow) == "refuse"


@pytest.mark.parametrize("path", [path for path in OUTSIDE if "/proc/1/" not in path])
def test_what_is_denied_is_denied_in_every_spelling(path: str, folder: Path) -> None:
    path, denied = spelled(path, folder), folder.parent / "outside"
    for pattern in (
        f"read({denied})",
        "read(../outside)",
        f"read({denied}/**)",
        "read(secret.txt)",
    ):
        wanted = {"refuse"} if "cwd/" not in path else {"ask", "refuse"}
        assert verdict("read", path, folder, mode="allow-all", deny=[pattern]) in wanted


def test_a_search_reads_no_secret_that_was_not_named(folder: Path) -> None:
    search = understand({"kind": "read", "path": ".", "intention": "Search in directory"}, folder)
    for allow, wanted in (
        ([], "ask"),
        (["read(.)"], "ask"),
        (["read(.)", "read(.env)"], "ask"),
        (["read(.)", "read(.env)", "read(id_ed25519)"], "allow"),
        (["read"], "allow"),
    ):
        assert Policy("ask", allow, [], folder).decide(search).verdict == wanted
    named = shlex.split(search.option)[1::2]
    assert len(named) == 3
    assert Policy("ask", named, [], folder).decide(search).verdict == "allow"


def test_the_kernels_own_folder_is_not_the_runtimes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``/proc/self`` is whoever looks: the kernel may stand elsewhere than its runtime."""
    monkeypatch.chdir(folder / "src")
    assert os.path.realpath("/proc/self/cwd/b.txt") == str(folder / "src" / "b.txt")
    for path in ("/proc/self/cwd/b.txt", "cwd/b.txt"):
        assert verdict("read", path, folder) == "ask"


def test_a_working_folder_is_what_it_links_to(folder: Path) -> None:
    (folder.parent / "bound").symlink_to(folder / "src")
    bound = folder.parent / "bound"
    assert verdict("read", "b.txt", bound) == "allow"
    for path in ("../a.txt", str(folder / "a.txt"), "back/secret.txt"):
        assert verdict("read", path, bound) == "ask"


def test_links_without_an_end_are_no_way_in(folder: Path) -> None:
    (folder / "loop").symlink_to("loop/x")
    (folder / "ping").symlink_to("pong")
    (folder / "pong").symlink_to("ping")
    for path in ("loop", "loop/y", "ping", "ping/../../outside/secret.txt", "a/" * 5_000):
        for kind in ("read", "write"):
            assert verdict(kind, path, folder, allow=[f"{kind}(b)"]) in ("ask", "allow")


@pytest.mark.timeout(300)
def test_the_runtime_reads_and_writes_nothing_outside(
    notebook: Start, provider: ScriptedServer, folder: Path
) -> None:
    before = {path: path.read_text() for path in (folder.parent / "outside").rglob("*.txt")}
    kernel = notebook(folder)
    kernel.run(
        "%load_ext copilot_magics\n%copilot_session walls --allow 'write(.)' --allow 'read(.)'"
    )
    paths = [spelled(path, folder) for path in (*OUTSIDE, ".env", "notes.txt", "id_ed25519")]
    absolute = [path if path.startswith("/") else str(folder / path) for path in paths]
    calls = [
        *(("view", {"path": path}) for path in (*paths, *absolute)),
        *(("create", {"path": path, "file_text": "broken"}) for path in absolute),
        *(("create", {"path": f"{folder}/linked/new.txt", "file_text": "broken"}),),
        *(("edit", {"path": p, "old_str": CANARY, "new_str": "broken"}) for p in absolute),
        *(("grep", {"pattern": "CANARY", "path": path}) for path in ("linked", "up", str(folder))),
        ("grep", {"pattern": "CANARY", "path": ".", "output_mode": "content"}),
    ]
    prompt = "\n".join(f"tool {name} {json.dumps(arguments)}" for name, arguments in calls)
    cell = kernel.run(f"%%copilot\n{prompt}", allow_stdin=False)
    assert cell.status == "ok", cell.text
    told = json.dumps([m for m in provider.last.since_prompt if m["role"] == "tool"])
    assert len(json.loads(told)) == len(calls)
    assert f"{CANARY}\\n" not in told
    assert f'{CANARY}"' not in told
    after = {path: path.read_text() for path in (folder.parent / "outside").rglob("*.txt")}
    assert after == before
    assert (folder / ".env").read_text() == f"KEY={CANARY}"
    # The same calls, inside, are allowed and do something.
    fine = kernel.run(
        f'%%copilot\ntool create {{"path": "{folder}/new.txt", "file_text": "n"}}\n'
        'tool view {"path": "a.txt"}',
        allow_stdin=False,
    )
    assert "inside" in fine.text
    assert (folder / "new.txt").read_text() == "n"
