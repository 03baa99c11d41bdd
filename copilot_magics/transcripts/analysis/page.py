"""A conversation as a web page: one file that needs nothing else and in which nothing can act.

What was said may come from anywhere: it goes through `copilot_magics.display.html`, and the page
forbids scripts, and everything that would be fetched, on top of that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from copilot_magics.transcripts.analysis.markdown import summary
from copilot_magics.transcripts.analysis.talk import Called, Said, talks

if TYPE_CHECKING:
    import pandas as pd

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def page(frame: pd.DataFrame, title: str = "") -> str:
    """Return what was said as an HTML document.

    Parameters
    ----------
    frame : DataFrame
        Of messages.
    title : str
        What it is headed with; each session's ID where left out.

    Returns
    -------
    str
        In the reader's colours, light or dark. Answers are rendered from Markdown, their code
        highlighted; calls of tools are folded. Images are links.

    Raises
    ------
    BadInput
        Where the DataFrame lacks a column that is needed.
    """
    from copilot_magics.display.html import text_to_html

    told = list(talks(frame))
    heading = title or ", ".join(session for session, _ in told) or "No messages"
    parts = [line for session, parts in told for line in _session(session, title, parts)]
    body = "\n".join(parts) or "<p>No messages.</p>"
    return _PAGE.format(title=text_to_html(heading), style=_style(), body=body)


def _session(session: str, title: str, parts: list[Said | Called]) -> Iterator[str]:
    from copilot_magics.display.html import text_to_html

    yield f"<h1>{text_to_html(title or session)}</h1>"
    yield f"<p class='session'>Session <code>{text_to_html(session)}</code></p>"
    for part in parts:
        yield _call(part) if isinstance(part, Called) else _said(part)


def _said(said: Said) -> str:
    from copilot_magics.display.html import code_to_html, markdown_to_html, text_to_html

    if said.kind == "error":
        return f"<section class='error'><h2>Error</h2>\n{code_to_html(said.text)}</section>"
    who = "You" if said.kind == "prompt" else text_to_html(said.who or "Copilot")
    head = f"<h2>{who}{_when(said.when) if said.when else ''}</h2>"
    return f"<section class='{said.kind}'>{head}\n{markdown_to_html(said.text)}</section>"


def _when(when: datetime) -> str:
    return f" <time datetime='{when:%Y-%m-%dT%H:%M:%SZ}'>{when:%Y-%m-%d %H:%M} UTC</time>"


def _call(call: Called) -> str:
    from copilot_magics.display.html import code_to_html, text_to_html
    from copilot_magics.display.tools import arguments_text

    told = {"Arguments": arguments_text(call.arguments), "Result": call.result}
    parts = [f"<h3>{name}</h3>\n{code_to_html(text)}" for name, text in told.items() if text]
    failed = " class='failed'" if call.success is False else ""
    opened = "\n".join(parts)
    return f"<details{failed}><summary>{text_to_html(summary(call))}</summary>\n{opened}</details>"


@cache
def _style() -> str:
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=style, cssclass="highlight").get_style_defs(".highlight")
        for style in ("default", "github-dark")
    )
    own = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n{own}"
