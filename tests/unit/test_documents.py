"""Files that a user has asked for: whole or not at all, and nobody else's."""

from __future__ import annotations

import os
import resource
import stat
import threading
from pathlib import Path

import pytest

from copilot_magics.documents import write_document
from copilot_magics.errors import BadInput, CopilotError, StateUnusable


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.md"
    write_document(path, b"new", overwrite=False)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)
    with pytest.raises(FileExistsError):
        write_document(path, b"other", overwrite=False)
    path.chmod(0o644)
    write_document(path, b"newer", overwrite=True)
    assert (path.read_bytes(), mode(path)) == (b"newer", 0o644)
    assert os.listdir(tmp_path) == ["new.md"]


def test_links_and_what_is_no_file(tmp_path: Path) -> None:
    target, link, pipe = tmp_path / "target", tmp_path / "link", tmp_path / "pipe"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        write_document(link, b"new", overwrite=False)
    write_document(link, b"new", overwrite=True)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    dangling = tmp_path / "dangling"
    dangling.symlink_to(tmp_path / "nothing")
    with pytest.raises(FileExistsError):
        write_document(dangling, b"new", overwrite=False)
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_document(pipe, b"piped", overwrite=True)
    reader.join()
    assert read == [b"piped"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no folder .*none'; nothing was written\."):
        write_document(tmp_path / "none" / "x", b"", overwrite=True)
    with pytest.raises(BadInput, match="no path: embedded null"):
        write_document(tmp_path / "a\0b", b"", overwrite=True)
    with pytest.raises(CopilotError, match="cannot be written: File name too long"):
        write_document(tmp_path / ("x" * 300), b"", overwrite=False)
    with pytest.raises(CopilotError, match=r"cannot be written: Is a directory\."):
        write_document(tmp_path, b"", overwrite=True)
    assert os.listdir(tmp_path) == []


def test_what_was_there_stays_where_there_is_no_room(tmp_path: Path) -> None:
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The system ends a process that ignores no SIGXFSZ; Python ignores it.
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        for path in (old, new):
            with pytest.raises(StateUnusable, match="is full, so not all could be written"):
                write_document(path, bytes(100_000), overwrite=path is old)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert old.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["old.md"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_file_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "theirs.md"
    path.write_bytes(b"theirs")
    os.chown(path, 1000, 1000)
    path.chmod(0o666)
    with pytest.raises(StateUnusable, match="belongs to somebody else"):
        write_document(path, b"mine", overwrite=True)
    assert path.read_bytes() == b"theirs"
