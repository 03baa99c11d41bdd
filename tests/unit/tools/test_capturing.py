"""What code shows is kept as a notebook keeps it, and what others show meanwhile is not."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import pytest
from IPython.display import HTML, clear_output, display

from copilot_magics.tools.capturing import Capture, Displayed, Printed, show_again
from copilot_magics.tools.kernel import NotebookTools
from copilot_magics.tools.results import Told
from copilot_magics.tools.running import run_code


def kept(capture: Capture) -> list[tuple[str, str]]:
    return [
        (one.stream, str(one.text))
        if isinstance(one, Printed)
        else ("display", str(one.data.get("text/html") or one.data["text/plain"]))
        for one in capture.outputs
    ]


def test_streams_and_displays_in_order(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    capture = Capture(shell, shown=True)
    before = {name: getattr(sys, name).write for name in ("stdout", "stderr")}
    with capture.listening():
        print("out")
        print("err", file=sys.stderr)
        handle = display(HTML("<i>a</i>"), display_id=True)
        print("more")
        assert handle is not None
        handle.update(HTML("<b>b</b>"))
    print("after")
    assert {name: getattr(sys, name).write for name in before} == before
    assert kept(capture) == [
        ("stdout", "out\n"),
        ("stderr", "err\n"),
        ("display", "<b>b</b>"),
        ("stdout", "more\n"),
    ]
    page = "<IPython.core.display.HTML object>\n"
    assert capsys.readouterr() == (f"out\n{page}more\n{page}after\n", "err\n")


def test_half_a_character_is_spelled_out(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    capture = Capture(shell, shown=True)
    with capture.listening():
        print("out \udcff")
        display(HTML("<i>\ud800</i>"), metadata={"\ud800": ["\ud800", b"\xff", 1]})
    _printed, displayed = capture.outputs
    assert kept(capture)[0] == ("stdout", "out \\udcff\n")
    assert isinstance(displayed, Displayed)
    assert displayed.data["text/html"] == "<i>\\ud800</i>"
    assert displayed.metadata["\\ud800"] == ["\\ud800", b"\xff", 1]
    assert capsys.readouterr().out.startswith("out \\udcff\n")


def test_what_cannot_be_shown_again_costs_nothing_else(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError

    before, after = Printed("stdout", "before\n"), Printed("stdout", "after\n")
    show_again([[before, Displayed({"text/plain": Hostile()})], [after]])
    assert capsys.readouterr().out == "before\nafter\n"


def test_clearing_clears_what_the_code_has_shown(shell: Any) -> None:
    capture = Capture(shell, shown=True)
    with capture.listening():
        print("gone")
        clear_output(wait=True)
        assert kept(capture) == [("stdout", "gone\n")]
        print("stays")
        assert kept(capture) == [("stdout", "stays\n")]
        clear_output()
        assert kept(capture) == []


def test_a_quiet_capture_shows_nothing(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    capture = Capture(shell, shown=False)
    with capture.listening():
        print("out")
        display("value")
    assert [kind for kind, _ in kept(capture)] == ["stdout", "display"]
    assert capsys.readouterr().out == ""


async def test_what_other_tasks_print_is_not_kept_but_threads_of_the_code_are(shell: Any) -> None:
    async def code(capture: Capture, name: str) -> None:
        with capture.listening():
            print(name, "begins")
            await asyncio.sleep(0)
            thread = threading.Thread(target=print, args=(name, "thread"))
            thread.start()
            thread.join()
            print(name, "ends")

    one = Capture(shell, shown=False)
    task = asyncio.ensure_future(code(one, "one"))
    await asyncio.sleep(0)
    print("another task")
    await task
    assert kept(one) == [("stdout", "one begins\none thread\none ends\n")]
    both = Capture(shell, shown=False), Capture(shell, shown=False)
    await asyncio.gather(*(code(capture, str(n)) for n, capture in enumerate(both)))
    for n, capture in enumerate(both):
        assert f"{n} begins\n" in kept(capture)[0][1]
        assert f"{n} ends\n" in kept(capture)[0][1]
        assert f"{1 - n} begins" not in kept(capture)[0][1]


async def test_what_the_users_own_threads_show_is_shown_and_not_told(
    shell: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    turns: list[threading.Event] = [threading.Event() for _ in range(3)]

    def shows() -> None:
        turns[0].wait()
        print("the user's")
        display("the user's")
        # One that re-arms itself, as a timer does.
        another = threading.Thread(target=print, args=("of the user's",))
        another.start()
        another.join()
        clear_output()
        turns[1].set()

    users = threading.Thread(target=shows)
    users.start()
    capture = Capture(shell, shown=False)
    with capture.listening():
        print("the code's")
        turns[0].set()
        await asyncio.sleep(0)
        turns[1].wait()
        mine = threading.Thread(target=print, args=("its thread's",))
        mine.start()
        mine.join()
        await asyncio.to_thread(display, "its pool's")
    users.join()
    assert threading.Thread.start.__module__ == "threading"
    told = [text for one, (_, text) in zip(capture.outputs, kept(capture), strict=True) if one.told]
    assert told == ["the code's\n", "its thread's\n", '"its pool\'s"']
    shown = capsys.readouterr().out
    assert "the user's\n" in shown
    assert "of the user's\n" in shown
    assert "the code's" not in shown


def test_a_long_stream_keeps_its_ends(shell: Any) -> None:
    capture = Capture(shell, shown=False)
    with capture.listening():
        print("begin")
        for _ in range(50):
            print("x" * 100_000)
        print("end")
    (stream,) = capture.outputs
    assert isinstance(stream, Printed)
    assert len(stream.text) == len("begin\nend\n") + 50 * 100_001
    assert len(str(stream.text)) < 2_200_000
    assert str(stream.text).startswith("begin\n")
    assert str(stream.text).endswith("end\n")


def test_many_pieces_cost_no_more_than_one(shell: Any) -> None:
    printed = Printed("stdout", "")
    begun = time.process_time()
    for _ in range(200_000):
        printed.write("some text on the line\n")
    # A text that is copied with each piece takes twenty seconds.
    assert time.process_time() - begun < 2
    assert len(printed.text) == 200_000 * 22


async def ran(shell: Any, code: str) -> tuple[Told, Capture]:
    capture = Capture(shell, shown=False)
    with capture.listening():
        return await run_code(shell, code, capture), capture


async def test_code_leaves_the_users_counters_alone(shell: Any) -> None:
    shell.run_cell("'kept'", store_history=True)
    before = shell.execution_count, shell.user_ns["_"], len(shell.user_ns["In"])
    told, capture = await ran(shell, "a = 1\nprint('p')\n[a, _]")
    assert told.text == "Output:\np\n\nResult:\n[1, 'kept']"
    assert isinstance(capture.outputs[-1], Displayed)
    assert (shell.execution_count, shell.user_ns["_"], len(shell.user_ns["In"])) == before
    assert shell.user_ns["a"] == 1


async def test_code_that_defines_something_can_be_looked_at(shell: Any) -> None:
    await ran(shell, "def twice(n):\n    return 2 * n\n")
    told, _ = await ran(shell, "import inspect\nprint(inspect.getsource(twice))")
    assert told.text == "Output:\ndef twice(n):\n    return 2 * n"
    told, _ = await ran(shell, "twice()")
    assert told.failed
    assert "missing 1 required positional argument" in told.text
    assert told.text.count("File ") == 1


async def test_a_value_that_says_half_a_character_is_shown(shell: Any) -> None:
    code = "class Half:\n    def __repr__(self): return '\\ud800'\nHalf()"
    told, capture = await ran(shell, code)
    assert told.text == "Result:\n\\ud800"
    assert kept(capture) == [("display", "\\ud800")]


@pytest.mark.parametrize(
    ("code", "left_out"),
    [
        ("print('x' * 5_000_000)", "4,995,101 of 5,000,001"),
        ("for _ in range(50): print('x' * 50_000)", "of 2,500,050"),
        ("import sys\nprint('x' * 10**6)\nprint('y' * 10**6, file=sys.stderr)", "of 2,000,002"),
        ("display('x' * 10**6)", "of 1,000,003"),
        ("'x' * 10**6", "of 1,000,002"),
    ],
)
async def test_all_that_is_left_out_is_counted(shell: Any, code: str, left_out: str) -> None:
    told, _ = await ran(shell, code)
    assert f"{left_out} characters left out …" in told.for_agent().text_result_for_llm
    assert told.text.count("left out") == 1


@pytest.mark.parametrize("code", ["", "# only a comment", "x = 1", "5;", "None", "pass"])
async def test_code_may_show_nothing(shell: Any, code: str) -> None:
    told, capture = await ran(shell, code)
    assert (told.text, told.failed) == ("It ran, and showed nothing.", False)
    assert capture.outputs == []


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("x = (", "SyntaxError"),
        ("\0", "null bytes"),
        ("(" * 1000 + ")" * 1000, "too many nested parentheses"),
        ("  x = 1", "IndentationError"),
        ("return 1", "SyntaxError"),
        ("1/0", "ZeroDivisionError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("class E(Exception):\n    def __str__(self): raise SystemExit\nraise E", "E"),
    ],
)
async def test_whatever_goes_wrong_is_told(shell: Any, code: str, why: str) -> None:
    told, _ = await ran(shell, code)
    assert told.failed
    assert why in told.text


async def test_what_was_printed_before_it_went_wrong_is_told(shell: Any) -> None:
    told, _ = await ran(shell, "print('before')\nraise KeyboardInterrupt")
    assert told.text.startswith("Output:\nbefore\n\nError:\nTraceback")


def test_the_notebooks_tools_say_what_they_take(shell: Any) -> None:
    for function in NotebookTools(shell).functions:
        assert function.description
        for parameter in function.signature.schema["properties"].values():
            assert parameter["description"]
