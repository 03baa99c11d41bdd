"""Write the README's tables of options, settings and errors anew, from the code they describe.

Usage: python docs/tables.py

A table stands between ``<!-- table: NAME -->`` and ``<!-- end -->``; a test fails where one is not
what would be written here.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from copilot_magics import errors
from copilot_magics.config import CopilotMagics
from copilot_magics.magics import magic_named

README = Path(__file__).parents[1] / "README.md"

_PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(text: str) -> str:
    """Return the README's text with every table as it should be."""
    return _PLACE.sub(lambda place: f"{place[1]}{_content(place[2])}\n{place[3]}", text)


def _content(name: str) -> str:
    if name == "errors":
        return _tree()
    if name == "settings":
        return _settings()
    return _options(magic_named(name).parser)


def _options(parser: argparse.ArgumentParser) -> str:
    rows = []
    for action in parser._actions:
        names = ", ".join(action.option_strings) or str(action.metavar)
        told = (action.help or "").replace("%%", "%")
        rows.append((_code(_with_value(names, action)), told))
    return _table(("Option", "What it does"), rows)


def _with_value(names: str, action: argparse.Action) -> str:
    if not action.option_strings or action.nargs == 0:
        return names
    value = action.metavar or action.dest.upper()
    values = value[0] if isinstance(value, tuple) else value
    return f"{names} {values}" + ("…" if action.nargs == "+" and values == "ID" else "")


def _settings() -> str:
    rows = [
        (_code(name), _code(repr(trait.default())), trait.help)
        for name, trait in CopilotMagics.class_traits(config=True).items()
        if name in CopilotMagics.class_own_traits()
    ]
    return _table(("Setting", "Default", "What it does"), rows)


def _tree() -> str:
    drawn = (errors.__doc__ or "").partition("::\n\n")[2].partition("\n\n")[0]
    return f"```text\n{textwrap.dedent(drawn)}\n```"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    ruler = tuple("---" for _ in head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *rows))


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
