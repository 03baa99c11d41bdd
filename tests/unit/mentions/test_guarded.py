"""An object's own words, whatever it does to say them."""

from __future__ import annotations

import dataclasses
import datetime
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import psutil
import pytest

from copilot_magics.mentions import guarded
from copilot_magics.mentions.columns import value_text
from copilot_magics.mentions.guarded import brief, guarded_bytes, guarded_repr
from copilot_magics.mentions.overview import variable_line
from copilot_magics.mentions.variables import summarise


class Says:
    """An object whose ``repr`` is what a function does."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does

    def __repr__(self) -> Any:
        return self.does()


@dataclasses.dataclass
class Point:
    x: object
    y: object


class Silent:
    """It says nothing of itself, and holds what nobody should be told."""

    def __init__(self) -> None:
        self.token = "sk-secret"


class Meta(type):
    ran: ClassVar[list[str]] = []

    def __getattribute__(cls, name: str) -> Any:
        Meta.ran.append(name)
        return type.__getattribute__(cls, name)

    def __eq__(cls, other: object) -> bool:
        Meta.ran.append("==")
        return cls is other

    def __hash__(cls) -> int:
        Meta.ran.append("hash")
        return 1


class Pretends(metaclass=Meta):
    @property
    def __class__(self) -> type:  # type: ignore[override]
        Meta.ran.append("__class__")
        return dict


class Refuses(metaclass=Meta):
    def __repr__(self) -> str:
        raise ValueError


class Number(np.float64):
    """It claims to be of NumPy, and so does its zone of the standard library."""

    __module__ = "numpy"

    def __repr__(self) -> str:
        raise AssertionError("it was asked")

    __str__ = __repr__


class Zone(datetime.tzinfo):
    __module__ = "zoneinfo"

    def __repr__(self) -> str:
        raise AssertionError("it was asked")


def forever() -> None:
    while True:
        pass


def deep() -> str:
    return repr(Says(deep))


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def raises(error: BaseException) -> Callable[[], str]:
    def does() -> str:
        raise error

    return does


def test_python_s_own_kinds_are_written_without_running_anything() -> None:
    assert guarded_repr({"a": [1, 2.5, None], "b": ("x",)}) == "{'a': [1, 2.5, None], 'b': ('x',)}"
    assert guarded_repr({"b", "a"}) == "{'a', 'b'}"
    assert guarded_repr(list(range(10**6))).endswith("38, 39, … 999,960 more]")
    assert guarded_repr("a" * 10**6, 100).endswith("… (1,000,000 characters in all)")
    assert guarded_repr(7 ** (10**6)) == "<int of about 845,098 digits>"
    itself: list[Any] = []
    itself.append(itself)
    assert guarded_repr(itself) == "[[[[[[…]]]]]]"
    nested = [[[[list(range(100))] * 100] * 100] * 100] * 100
    assert len(guarded_repr(nested, 500)) < 700


def test_an_object_says_what_it_is_in_a_child() -> None:
    assert guarded_repr(Point(1, [Point("a", None)])).endswith("Point(x='a', y=None)])")
    assert guarded_repr([Point(1, 2), 3]).endswith("Point(x=1, y=2), 3]")
    pid = os.getpid()
    assert guarded_repr(Says(lambda: str(os.getpid() == pid))) == "False"
    assert guarded_repr(Says(lambda: "<it at 0x7f00aa>")) == "<it>"
    assert "token: str" in guarded_repr(Silent())
    assert "sk-secret" not in guarded_repr(Silent())


HOSTILE: dict[str, tuple[Callable[[], Any], str]] = {
    "loops": (forever, "its repr took "),
    "sleeps": (lambda: time.sleep(1000), "took longer than 1 second"),
    "raises": (raises(ValueError("no")), "raised ValueError"),
    "interrupts": (raises(KeyboardInterrupt()), "raised KeyboardInterrupt"),
    "exits": (raises(SystemExit(0)), "raised SystemExit"),
    "is no text": (lambda: 5, "raised TypeError"),
    "is large": (lambda: "x" * 2**30, "raised MemoryError"),
    "recurses": (deep, "raised RecursionError"),
    "kills": (lambda: os.kill(os.getpid(), 9), "ended its process"),
    "leaves": (lambda: os._exit(0), "ended its process"),
    "asks": (lambda: input("Your password? "), "raised EOFError"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_it_does_harms_nobody_and_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "sleeps":
        monkeypatch.setattr(guarded, "_SECONDS", 1.0)
    does, told = HOSTILE[name]
    shown = guarded_repr(Says(does))
    assert told in shown
    assert shown.startswith("<")
    assert len(shown) < 200


def test_one_of_many_is_not_all() -> None:
    shown = guarded_repr([Says(lambda: "x" * 2**30), Says(raises(ValueError())), Point(1, 2)])
    assert shown.count("its repr raised") == 2
    assert "Point(x=1, y=2)" in shown


def test_nothing_of_it_remains(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    changed: list[int] = []
    kept = open(tmp_path / "kept", "w+")  # noqa: SIM115

    def does() -> str:
        changed.append(1)
        print("printed")
        os.write(1, b"written")
        # What was open here is closed there: a connection can be used by one process only.
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(kept.fileno(), b"x")
        return str(subprocess.Popen(["sleep", "1000"]).pid)

    started = int(guarded_repr(Says(does)))
    assert changed == []
    assert capfd.readouterr() == ("", "")
    kept.close()
    assert (tmp_path / "kept").read_text() == ""
    ended = time.monotonic() + 30
    # On a busy machine it may take its time to end.
    while runs(started):
        assert time.monotonic() < ended


def test_no_metaclass_and_no_pretence_is_asked() -> None:
    Meta.ran.clear()
    assert brief([Pretends, Pretends()]).count("Pretends") == 2
    assert Meta.ran == []
    assert guarded_repr(Pretends()).startswith("<")
    for told in (Pretends, Pretends(), [Pretends()], Refuses(), [Refuses()]):
        summarise(told, "it")
        variable_line("it", told)
    assert Meta.ran == []
    held = np.empty(2, dtype=object)
    held[0], held[1] = Pretends(), Pretends
    cells = pd.Series(held, dtype=object)
    Meta.ran.clear()
    assert "types: Pretends 1, Meta 1" in summarise(cells, "cells").text
    assert Meta.ran == []


def test_nobody_is_believed_to_be_of_a_library() -> None:
    moment = datetime.datetime(2020, 1, 1, tzinfo=Zone())
    assert brief([Number(1), np.float64(2)]) == "[<numpy.Number>, np.float64(2.0)]"
    assert brief([moment, datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)]).startswith("[<date")
    assert value_text(Number(1)) == "<numpy.Number>"


HIDDEN = {
    "passphrase": "hidden",
    "bearer": "hidden",
    "db_pw": "hidden",
    "token": b"hidden",
    "password": ["hidden"],
    "secret_key": {"a": "hidden"},
    "client_secret": ("hidden",),
    "credentials": Says(lambda: "hidden"),
    "cfg": {"api_key": "hidden", "nested": [{"auth": ("hidden",)}]},
}
TOLD = {
    "tokens": (512, "int 512"),
    "key": (None, "NoneType None"),
    "tokenize": (len, "<function len>"),
    "Secret": (Silent, "<class "),
    "upwards": ("told", "'told'"),
    "tokens_table": (pd.DataFrame({"a": [1]}), "1 rows × 1 columns: a"),
    "key_array": (np.zeros(2), "of shape (2,)"),
    "options": ({"max_tokens": 512, "url": "told"}, "dict of 2 {'max_tokens': 512, 'url': 'told'}"),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_has_the_name_of_a_secret_is_not_told_unless_it_is_mentioned(name: str) -> None:
    line = variable_line(name, HIDDEN[name])
    assert "hidden" not in line
    assert "not told" in line
    assert "hidden" in summarise(HIDDEN[name], name).text


@pytest.mark.parametrize("name", TOLD)
def test_what_can_be_no_secret_is_told_whatever_its_name(name: str) -> None:
    value, told = TOLD[name]
    assert told in variable_line(name, value)


def test_brief_asks_nobody() -> None:
    asked: list[int] = []
    said = Says(lambda: asked.append(1) or "said")
    assert "Says" in brief({"a": said, "b": 1})
    assert asked == []


def test_bytes_come_whole_or_not_at_all() -> None:
    data = bytes(range(256)) * 4096
    assert guarded_bytes(lambda: data, 30) == data
    assert guarded_bytes(raises(ValueError()), 30) == b""
    assert guarded_bytes(lambda: b"", 30) == b""


def test_no_warning_of_threads() -> None:
    code = (
        "import threading, warnings\n"
        "warnings.simplefilter('error')\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "from copilot_magics.mentions.guarded import guarded_repr\n"
        "class A:\n    def __repr__(self): return 'a'\n"
        "print(guarded_repr(A()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("a\n", "")


class Endless:
    def __repr__(self) -> str:
        while True:
            pass


def test_one_member_that_hangs_hides_no_other() -> None:
    told = guarded_repr({"known": 1, "bad": Endless()})
    assert "'known': 1" in told
    assert "Endless" in told
