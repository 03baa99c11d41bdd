"""Text made inert: what a model, a tool or a file says is shown, and cannot act there.

JupyterLab shows the Markdown of a cell that was run as it is, HTML, scripts and all. So what could
act is taken out of the Markdown itself, in a way that holds in every front end. They disagree
about what is code, what is a formula and where a list ends; therefore nothing is trusted to be
any of these. A character that could begin something that acts is written as an entity, wherever
it stands, and where it stands in code, the code is written again in a form that all of them read
alike. Text in which nothing could act comes out as it went in.

What could act: HTML; a link or an image that leads elsewhere than to the web, to a mailbox or to a
relative place; an image on another server, whose address would carry data there; a formula that
reaches out of the formula; and a formula in a link, where JupyterLab puts it back in after Markdown
has looked.
"""

from __future__ import annotations

import html
import re
from bisect import bisect, bisect_left
from collections.abc import Iterator

from copilot_magics.display.fences import Fence, blocks, infos

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What drives a terminal or turns the order of what is read; tabs and new lines are no harm."""

_HARMLESS = re.compile(r"https?://|mailto:|(?![^/?#]*[:&\\])", re.IGNORECASE)

# A link's address and title without a character that could end them, or begin a formula.
_SAFE = r"[\w\-.~:/?#@!&'*+,;=%]"
_ADDRESS = rf"(?>(?:{_SAFE}|\({_SAFE}*\))*)"
_TITLE = r"""(?:"[^"\\$<>&`\n]*"|'[^'\\$<>&`\n]*'|\([^()\\$<>&`\n]*\))"""
_PLACE = rf"(?:<(?P<angled>(?:{_SAFE}|[ ()])*)>|(?P<bare>{_ADDRESS}))"

_SUSPECT = re.compile(r"[<&\\!$]|\][(:]|```")
_TAG = re.compile(r"\\?<(?=[A-Za-z/!?])(?!/?(?:br|sub|sup|kbd)>|br ?/>)")
_AUTOLINK = re.compile(rf"(?<![<\\])<(?:https?://{_SAFE}*|{_SAFE}+@[\w.-]+)>", re.IGNORECASE)
_LINK = re.compile(rf"\]\((?P<safe>[ \t]*+{_PLACE}(?:[ \t]+{_TITLE})?[ \t]*\))?")
_DEFINITION = re.compile(
    rf"\]:(?P<safe>[ \t]*+(?:\n[ \t>]*+)?+{_PLACE}(?=\s|\Z)[ \t]*+"
    rf"""(?:\n(?![ \t>]*["'(])|\Z|(?<=[ \t]){_TITLE}[ \t]*$|(?<=[ \t])(?!["'(\n])))?""",
    re.MULTILINE,
)
_IMAGE = re.compile(
    # A file beside the notebook may be shown: nobody else is asked for it.
    r"(?P<local>!\[[\w ,.;:'()/-]*\]\((?!/|[^)]*\.\.)(?:[\w./-]|%20)+\))|(?<!!)!++(?=\[)"
)
_URL = re.compile(r"(?:(?:https?|ftp)://|www\.)\S*", re.IGNORECASE)
_FORMULA_BEGINS = re.compile(r"\\?\$|\\(?=\\[(\[]|begin)")
_ACTING_TEX = re.compile(
    r"\\(?=(?:(?:href|url)(?!\{https?://)|html[A-Za-z]+|class|cssId|style|data|bbox|mmlToken"
    r"|require|csname|includegraphics)(?![A-Za-z]))"
)
# Code at the start of a line; written again, it must not leave a line that opens a fence.
_NO_FENCE = re.compile(r"(?<!`)`{3,}(?=[^`\n]+`)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w+);")

_PARAGRAPH = re.compile(r"(?:(?!\n[ \t]*\n).)+", re.DOTALL)
_IN_FORMULA = r"(?:(?!\n[ \t]*\n)[^$\\]|\\.){1,2000}?"
_FORMULA = re.compile(
    rf"(?<!\\)\$\${_IN_FORMULA}\$\$|(?<!\\)\${_IN_FORMULA}\$"
    r"|\\\\\(.{0,2000}?\\\\\)|\\\\\[.{0,2000}?\\\\\]|\\begin\{([a-z]*\*?)\}.{0,2000}?\\end\{\1\}",
    re.DOTALL,
)
_INFO = re.compile(r"[\w+#.,:{}=/ \t-]*")
_ACTING_DIAGRAM = re.compile(r"[$\\&@%]|//|<[\w/!?]|\burl\b|click|href|src|import", re.IGNORECASE)
_FORMULA_ENDS = re.compile(r"\$\$|\\\\[\])]|\\end\{")

Edits = dict[int, tuple[str, str]]
"""What a character becomes, by its position: in prose, and in a formula."""


def plain(text: str) -> str:
    """Return a text without control characters and without those that reorder what is seen."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def harmless_target(target: str) -> bool:
    """Say whether a link may lead there: to the web, to a mailbox, or to a relative place."""
    return _HARMLESS.match(target) is not None


def inert_markdown(text: str) -> str:
    """Return a Markdown text that looks the same and cannot act, in whichever front end.

    Parameters
    ----------
    text : str
        Markdown from anywhere.
    """
    parts = list(blocks(plain(text)))
    if not any(_acts(part) for part in parts if isinstance(part, Fence)):
        return "".join(part.source if isinstance(part, Fence) else _loose(part) for part in parts)
    pieces = [_rewritten(p) if isinstance(p, Fence) else _loose(p).strip("\n") for p in parts]
    return "\n\n".join(piece for piece in pieces if piece.strip())


def inert_line(text: str) -> str:
    """Return a text as one line of Markdown that is shown, not obeyed; code in it stays code."""
    whole = " ".join(plain(text).split())
    # Doubled backticks pair in other ways, and what is no code must be escaped.
    parts = [whole] if "``" in whole else re.split(r"(`[^`]+`)", whole)
    for outside in range(0, len(parts), 2):
        shown = html.escape(parts[outside], quote=False)
        parts[outside] = re.sub(r"([\\*_\[\]#|~$])", r"\\\1", shown)
    return inert_markdown("".join(parts))


def entities(text: str) -> str:
    """Return a text as HTML that no Markdown parser sees anything in."""
    return re.sub(r"[^\w ]|_", lambda char: f"&#{ord(char[0])};", plain(text))


def fenced(code: str, language: str = "text") -> str:
    """Return code in a fence that it cannot leave; to stand between blank lines."""
    code = plain(code)
    if "mermaid" in language and _ACTING_DIAGRAM.search(code):
        language = "text"
    if _FORMULA_ENDS.search(code):
        # nbconvert looks for formulas first: one that began above could end within the fence.
        return f"<pre><code>{entities(code)}</code></pre>"
    marks = "`" * max(3, 1 + max(map(len, re.findall("`+", code)), default=0))
    return f"{marks}{language}\n{code}\n{marks}"


def _acts(fence: Fence) -> bool:
    """Say whether something in a fence would act where a front end sees no fence."""
    return bool(
        not _INFO.fullmatch(fence.info)
        or ("mermaid" in fence.info and _ACTING_DIAGRAM.search(fence.body))
        or _edits(fence.source)
        # What is here a line of code may open a fence elsewhere.
        or any("mermaid" in info or not _INFO.fullmatch(info) for info in infos(fence.body))
    )


def _rewritten(fence: Fence) -> str:
    """Write a fence in the one form that every front end reads as a fence, and ends in one place.

    It stands between blank lines, indented by no more than three, all its lines alike; its opening
    line cannot close another fence, since it names a language.
    """
    before = fence.before
    written = fenced(fence.code, fence.language or "text")
    if not fence.quotes:
        written = re.sub("(?m)^", " " * min(fence.margin, 3), written)
    marker = "" if re.fullmatch(r"[ \t>]*", before) else f"{_loose(before).rstrip()}\n\n"
    return marker + written


def _loose(text: str) -> str:
    """Make inert what stands outside fences."""
    edits = _edits(text)
    if not edits:
        return text
    code = list(_code_spans(text))
    formulas = list(_formulas(text, code))
    positions = sorted(edits)
    written, at = [], 0

    def take(end: int) -> Iterator[str]:
        nonlocal at
        for position in positions[bisect_left(positions, at) : bisect_left(positions, end)]:
            yield text[at:position]
            around = bisect(formulas, (position, len(text))) - 1
            yield edits[position][around >= 0 and position < formulas[around][1]]
            at = position + 1
        yield text[at:end]
        at = end

    for start, end in code:
        if bisect_left(positions, start) < bisect_left(positions, end):
            written += [*take(start), _code(text[start:end])]
            at = end
    return "".join([*written, *take(len(text))])


def _edits(text: str) -> Edits:
    """Find each character that could begin something that acts, whatever stands around it."""
    edits: Edits = {}
    if not _SUSPECT.search(text):
        return edits
    for found in _ENTITY.finditer(text):
        # An entity for what could have been written as it is hides something.
        means = html.unescape(found[0])
        if plain(means) != means or means in "\\$" or (means.isascii() and means.isalnum()):
            edits[found.start()] = ("&amp;", "&amp;")
    for found in _URL.finditer(text):
        for begins in _FORMULA_BEGINS.finditer(text, *found.span()):
            char = begins[0][-1]
            edits[begins.end() - 1] = (f"&#{ord(char)};", f" {char}")
            if len(begins[0]) == 2:
                edits[begins.start()] = ("", "\\")
    for found in _NO_FENCE.finditer(text):
        edits[found.start()] = ("&#96;", "&#96;")
    for found in _ACTING_TEX.finditer(text):
        edits[found.start()] = ("\\ ", "\\ ")
    for found in _TAG.finditer(text):
        if len(found[0]) == 2:
            edits[found.start()] = ("", "\\")
        edits[found.end() - 1] = ("&lt;", "< ")
    for found in _AUTOLINK.finditer(text):
        edits[found.start()] = ("", "< ")
        edits[found.end() - 1] = ("", ">")
    for found in _IMAGE.finditer(text):
        if not found["local"]:
            edits |= dict.fromkeys(range(*found.span()), ("", "! "))
    for pattern in (_LINK, _DEFINITION):
        for found in pattern.finditer(text):
            edits |= _checked(found)
    return edits


def _checked(found: re.Match[str]) -> Edits:
    """Break a link, or a definition of one, whose address or title is not safe."""
    angled = found["angled"]
    target = angled if angled is not None else found["bare"]
    if not found["safe"] or target is None or not harmless_target(target):
        at = found.start() + 1
        return {at: (f"&#{ord(found[0][1])};", f" {found[0][1]}")}
    if angled is None:
        return {}
    # Its brackets could be taken for a tag's.
    start, end = found.span("angled")
    kept: Edits = {start - 1: ("", "< "), end: ("", ">")}
    return kept | {
        start + n: (f"%{ord(char):02X}", char) for n, char in enumerate(angled) if char in " ()"
    }


def _code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Find the code between backticks, as CommonMark pairs them."""
    for paragraph in _PARAGRAPH.finditer(text):
        runs = list(re.compile("`+").finditer(text, *paragraph.span()))
        later: dict[int, list[int]] = {}
        for number in reversed(range(len(runs))):
            later.setdefault(len(runs[number][0]), []).append(number)
        number = 0
        while number < len(runs):
            run = runs[number]
            same = later[len(run[0])]
            while same and same[-1] <= number:
                same.pop()
            if same and text[run.start() - 1 : run.start()] != "\\":
                number = same[-1]
                yield run.start(), runs[number].end()
            number += 1


def _formulas(text: str, code: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in [*code, (len(text), 0)]:
        for found in _FORMULA.finditer(text, at, start):
            yield found.span()
        at = end


def _code(span: str) -> str:
    """Write a code span as HTML that is read alike wherever it stands."""
    marks = len(span) - len(span.lstrip("`"))
    code = span[marks:-marks].replace("\n", " ")
    if code.strip() and code[0] == code[-1] == " ":
        code = code[1:-1]
    return f"<code>{entities(code)}</code>"
