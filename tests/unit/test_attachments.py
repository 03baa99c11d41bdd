"""What goes along with a prompt, in the SDK's words."""

from __future__ import annotations

import os
import socket
from base64 import b64decode
from pathlib import Path

import pytest

from copilot_magics.attachments import attach, attach_told, leave_out_pictures
from copilot_magics.errors import BadInput
from copilot_magics.mentions.summary import Summary
from copilot_magics.turn import Turn


def test_what_is_told_is_sent_as_text_and_pictures() -> None:
    text, picture = attach_told([Summary('d["a"]', "figure", "Half: \ud800", (b"\x89PNG",))])
    assert (text["type"], text["mimeType"], text["displayName"]) == ("blob", "text/plain", "d['a']")
    assert b64decode(text["data"]).decode().endswith("\n\nHalf: \\ud800")
    assert (picture["mimeType"], picture["displayName"]) == ("image/png", "d['a'].1.png")
    assert b64decode(picture["data"]) == b"\x89PNG"


def test_a_model_that_sees_no_pictures_gets_none(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(b"\x89PNG")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "pictures.png").mkdir()
    paths = [tmp_path / name for name in ("dot.png", "notes.txt", "pictures.png")]
    told = attach_told([Summary("figure", "figure", "words", (b"\x89PNG",))])
    turn = Turn("Look", attachments=[*attach(paths), *told])
    leave_out_pictures(turn)
    assert [one["displayName"] for one in turn.attachments] == [
        "notes.txt",
        "pictures.png",
        "figure",
    ]
    assert turn.notices == ["The local model sees no pictures: 2 pictures not sent."]
    leave_out_pictures(turn)
    assert len(turn.notices) == 1


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(BadInput, match=r"Did you mean 'notes.txt'\?"):
        attach([tmp_path / "note.txt"])
    for path in ("~nobody-of-this-name/x", "x" * 5_000, "a\x00b"):
        with pytest.raises(BadInput, match="There is no file or folder"):
            attach([path])


def test_what_one_could_wait_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for path in ("pipe", "socket", "/dev/null"):
            with pytest.raises(BadInput, match="neither a file nor a folder; nothing was sent"):
                attach([path])
