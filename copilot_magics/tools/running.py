"""Code that the agent runs in this kernel: in the user's namespace, shown in the cell.

It is no cell: it takes no execution number, leaves ``_``, ``In`` and ``Out`` alone, and its error
is shown as text, since an error's output would make papermill take the cell for failed. Plain
Python is all that it may be: what IPython would make a command of is refused, because for that the
agent has a shell tool, which is asked for in its own words.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import itertools
import linecache
import sys
from collections.abc import Iterable
from types import CodeType
from typing import Any

from copilot_magics.mentions.outputs import as_printed, bundle_picture, bundle_text, picture_data
from copilot_magics.tools.capturing import Capture, Displayed, Output, Printed
from copilot_magics.tools.results import Excerpt, Told, bounded, joined, parts
from copilot_magics.tools.showing import new_figures, show
from copilot_magics.tools.tracebacks import below, described
from copilot_magics.tools.work import Interrupted

_OUTPUT = 5_000
"""Bytes of what code shows, and of its value, that the agent is told."""

_NO_PYTHON = (
    "Nothing was run: this is no plain Python. Magics (%), commands (!) and help (?) are not run "
    "by this tool. Write Python; for a command use your shell tool, for which the user is asked."
)

_counter = itertools.count(1)


async def run_code(shell: Any, code: str, capture: Capture) -> Told:
    """Run code, and return what the agent is told of it.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell in whose namespace it runs.
    code : str
        Python.
    capture : Capture
        Who keeps what this task shows.

    Returns
    -------
    Told
        What it printed and displayed, the value of its last expression, and its error.
    """
    name = f"<notebook_run {next(_counter)}>"
    try:
        main, last = _compiled(shell, code, name)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        if _is_command(shell, code):
            return Told(_NO_PYTHON, failed=True)
        error = described(problem, None)
        print(error, file=sys.stderr)
        return Told(parts({"Error": error}), failed=True)
    error = result = ""
    with new_figures():
        try:
            await _executed(shell, main)
            value = await _executed(shell, last) if last is not None else None
            printed = _text(capture.outputs)
            result = "" if value is None else bounded(show(shell, value), _OUTPUT)
        except Interrupted:
            raise
        except BaseException as problem:
            if isinstance(problem, asyncio.CancelledError) and _is_cancelled():
                raise
            printed = _text(capture.outputs)
            error = described(problem, below(problem.__traceback__, name))
    if error:
        print(error, file=sys.stderr)
    told = parts({"Output": printed, "Result": result, "Error": error})
    return Told(told or "It ran, and showed nothing.", bool(error), _pictures(capture.outputs))


def _compiled(shell: Any, code: str, name: str) -> tuple[CodeType, CodeType | None]:
    """Compile code; its last expression apart, where its value is to be shown."""
    # For tracebacks, and for `inspect.getsource` of what it defines.
    linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
    tree = shell.transform_ast(shell.compile.ast_parse(code, filename=name))
    last = None
    with shell.compile.extra_flags(ast.PyCF_ALLOW_TOP_LEVEL_AWAIT):
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not code.rstrip().endswith(";"):
            expression = ast.Expression(tree.body.pop().value)
            last = shell.compile(expression, name, "eval")
        return shell.compile(tree, name, "exec"), last


def _is_command(shell: Any, code: str) -> bool:
    """Say whether IPython would make a magic or a command of code that is no Python."""
    try:
        return "get_ipython()." in shell.transform_cell(code)
    except Exception:
        return False


async def _executed(shell: Any, compiled: CodeType) -> Any:
    value = eval(compiled, shell.user_global_ns, shell.user_ns)
    return await value if compiled.co_flags & inspect.CO_COROUTINE else value


def _is_cancelled() -> bool:
    """Say whether it was this code that was cancelled, and not something that it awaited."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _text(outputs: Iterable[Output]) -> str:
    """Return what was shown, as text; bounded."""
    told = (_excerpt(one) for one in outputs if one.told)
    return bounded(joined(told), _OUTPUT).rstrip("\n")


def _excerpt(output: Output) -> Excerpt:
    if isinstance(output, Printed):
        text = output.text
        return Excerpt(as_printed(text.first), text.left_out, as_printed(text.last))
    plain = output.data.get("text/plain")
    # Of a long text `bundle_text` leaves something out itself.
    return Excerpt(f"{plain if type(plain) is str and plain else bundle_text(output.data)}\n")


def _pictures(outputs: Iterable[Output]) -> tuple[bytes, ...]:
    told = (one.data for one in outputs if isinstance(one, Displayed) and one.told)
    shown = map(bundle_picture, told)
    return tuple(data for data in map(picture_data, filter(None, shown)) if data)
