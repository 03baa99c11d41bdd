"""What a disk refuses is one sentence, whether the system says so or the runtime."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from copilot_magics.disk import refused, refused_to_runtime
from copilot_magics.errors import CopilotError, StateUnusable

HOME = Path("/home/a/.copilot")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOSPC, f"The disk that holds {HOME} is full, so not all could be written."),
        (errno.EDQUOT, f"The disk that holds {HOME} is full, so not all could be written."),
        (errno.EROFS, f"The disk that holds {HOME} is read-only."),
        (errno.EACCES, f"You have no access to {HOME}."),
        (errno.EIO, f"{HOME} cannot be used: Input/output error."),
    ],
)
def test_the_system_refuses(number: int, told: str) -> None:
    error = refused(HOME, OSError(number, os.strerror(number)))
    assert error.what == told
    assert error.mend.endswith("run this again.")
    assert str(error) == f"{error.what} {error.mend}"
    assert isinstance(error, CopilotError)
    # What must never cost a turn is passed over as any error of the disk.
    assert isinstance(error, OSError)
    assert refused(HOME, error) is error


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Failed to persist session events: GenericFailure, Failed to append to JSONL file "
            "/home/a/.copilot/session-state/billing/events.jsonl: No space left on device "
            "(os error 28)",
            "is full",
        ),
        ("session create failed: ENOSPC: No space left on device (os error 28)", "is full"),
        ("Failed to save workspace: Error: EROFS: Read-only file system", "is read-only"),
        ("Failed to read /home/a/.copilot/config.json: (os error 13)", "You have no access to"),
        ("cat: /etc/shadow: Permission denied (os error 13)", ""),
        ("error sending request: Connection refused (os error 111)", ""),
        ("HTTP 429: You exceeded your current quota", ""),
    ],
)
def test_the_runtime_says_that_it_was_refused(message: str, told: str) -> None:
    found = refused_to_runtime(message, HOME)
    assert (found is not None) == bool(told)
    assert found is None or told in found.what


def test_the_disk_is_asked_where_the_runtime_gives_no_number(tmp_path: Path) -> None:
    message = f"Failed to lock {tmp_path}/session-state/chat/.workspace-fork.lock"
    assert refused_to_runtime(message, tmp_path) is None
    gone = refused_to_runtime(message, tmp_path / "session-state")
    assert isinstance(gone, StateUnusable)
    assert gone.what.endswith("cannot be used: No such file or directory.")
