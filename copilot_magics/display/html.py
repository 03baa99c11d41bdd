"""Markdown to HTML that cannot act: for a preview, a table's cell, an object's representation.

What it is given comes from a model, a tool or a file. HTML in it is shown as text, an image
becomes a link (fetching it would tell its address to another server), and a link leads to the web,
to a mailbox or to a relative place, or is no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from copilot_magics.display.inert import harmless_target, plain

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from pygments.lexer import Lexer

_HIGHLIGHTED = 100_000
"""Characters of a code block up to which it is worth colouring."""


def markdown_to_html(text: str) -> str:
    """Return a Markdown text as HTML, its code in Pygments' short classes under ``.highlight``."""
    # Afterwards, since an entity can stand for any character.
    return plain(_parser().render(text))


def text_to_html(text: str) -> str:
    """Return a text as HTML that shows it as it is."""
    return html.escape(plain(text))


def code_to_html(code: str, language: str = "") -> str:
    """Return code as ``<div class="highlight"><pre>…``; a language unknown here is plain text."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    code = plain(code)
    lexer = _lexer(language if len(code) <= _HIGHLIGHTED else "")
    return str(highlight(code, lexer, HtmlFormatter(cssclass="highlight", wrapcode=True)))


@lru_cache(64)
def _lexer(language: str) -> Lexer:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language or "text", stripnl=False)
    except ClassNotFound:
        return get_lexer_by_name("text", stripnl=False)


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.validateLink = harmless_target  # type: ignore[method-assign,assignment]
    for rule in (fence, code_block, image, link_open):
        parser.add_render_rule(rule.__name__, rule)
    return parser


# What the renderer calls, by the names of the tokens.


def fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    """Colour a fenced block."""
    language = re.match(r"\{?\.?([\w+#.-]*)", tokens[at].info.strip())
    return code_to_html(tokens[at].content, language[1] if language else "")


def code_block(renderer: RendererHTML, tokens: Sequence[Token], at: int, *_: Any) -> str:
    """Show an indented block."""
    return code_to_html(tokens[at].content)


def image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    """Link to an image instead of fetching it; within a link, its description must do."""
    token = tokens[at]
    said = html.escape(
        renderer.renderInlineAsText(token.children or [], options, env) or str(token.attrs["src"])
    )
    around = [other.type for other in tokens[:at] if other.type in ("link_open", "link_close")]
    if around and around[-1] == "link_open":
        return said
    return f'<a href="{html.escape(str(token.attrs["src"]))}" {_ELSEWHERE}>{said}</a>'


def link_open(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any
) -> str:
    """Open a link in a page of its own, which learns nothing of this one."""
    return f'<a href="{html.escape(str(tokens[at].attrs["href"]))}" {_ELSEWHERE}>'


_ELSEWHERE = 'target="_blank" rel="noopener noreferrer"'
