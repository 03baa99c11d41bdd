"""A shell command line, read into its simple commands.

`parse` answers two questions that must not be mixed. *Is this line nothing but plain commands?*
Whatever else it does is named in ``beyond``, and a line that goes beyond is never allowed by a
pattern. *Are these all the commands it can run?* Where that is uncertain ``doubts`` says why, and
a line with doubts never passes a deny pattern unseen.

tree-sitter-bash is a grammar for editors, and forgiving: it reads some lines otherwise than bash
does (``git log \\ #; rm x`` becomes a comment in it). So a plain line is read a second time, by
`shlex`, and counts as plain only where both agree on every word.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from copilot_magics.permissions.variables import DECLARES, doubts_about, steers

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

Words = tuple[str | None, ...]
"""The words of a simple command, unquoted; None where the shell computes the word."""

_PLAIN = {
    "program", "list", "pipeline", "command", "command_name", "redirected_statement", "comment",
    "word", "number", "concatenation", "string", "string_content", "raw_string",
}  # fmt: skip
_JOINTS = {";", "&&", "||", "|", "\n"}
_BEYOND = {
    "command_substitution": "substitutes the output of a command",
    "process_substitution": "substitutes the output of a command",
    "file_redirect": "redirects to or from a file",
    "file_descriptor": "redirects to or from a file",
    "heredoc_redirect": "feeds text to a command",
    "herestring_redirect": "feeds text to a command",
    "variable_assignment": "sets a variable",
    "variable_assignments": "sets a variable",
    "declaration_command": "sets a variable",
    "unset_command": "sets a variable",
    "simple_expansion": "expands a variable",
    "expansion": "expands a variable",
    "function_definition": "defines a function",
}
_DOUBTFUL = {
    "ERROR": "it cannot be parsed",
    "heredoc_redirect": "it feeds a here-document to a command",
    "ansi_c_string": "it writes text in escapes",
    # bash evaluates subscripts in arithmetic, and $(…) inside them, also when a variable holds it.
    "arithmetic_expansion": "it computes",
    "subscript": "it computes",
}
_RESERVED = {
    "!", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "until", "while", "{", "}", "[[", "]]",
}  # fmt: skip
_COMPUTES = {
    "compound_statement": re.compile(rb"^\(\("),
    "test_command": re.compile(rb"(?<!\w)-(eq|ne|lt|le|gt|ge|v|R)\b|^\(\("),
    "c_style_for_statement": re.compile(rb""),
    # A part of a variable, and the places in an array: both are arithmetic.
    "expansion": re.compile(rb"\$\{[\w*]+:(?![-=+?]|\s*-?\d+\s*(:\s*-?\d+\s*)?\})"),
    "array": re.compile(rb"[(\s]\["),
}
_WORDS = {
    "word", "number", "raw_string", "string", "concatenation", "ansi_c_string", "translated_string",
    "simple_expansion", "expansion", "command_substitution",
    "arithmetic_expansion", "brace_expression", "extglob_pattern", "regex", "heredoc_body",
}  # fmt: skip
_COMMANDS = {"command", "declaration_command", "unset_command"}
_QUOTABLE = {"word", "raw_string", "concatenation"}
_SUBSTITUTES_LATER = re.compile(r"\$[({]|`")
_HARMLESS_REDIRECT = re.compile(rb"[012]?(>|>>|<)[ \t]*/dev/null|&>[ \t]*/dev/null|[12]?>&[12]")
_OPTION_GLOB = re.compile(r"[*?\[]|\\?-([^=*?\[\\]|\\.)*[*?\[]", re.DOTALL)
"""A glob that may become any option: ``*`` or ``--o*``, but not ``--exclude=*.o``."""


@dataclass(frozen=True)
class Line:
    """A command line as far as it could be understood.

    Parameters
    ----------
    text : str
        The line, which may be several.
    commands : tuple of tuple of (str or None)
        The words of every simple command, however deep it stands.
    beyond : tuple of str
        What the line does other than running plain commands: "redirects to or from a file".
    doubts : tuple of str
        Why it may run commands that are not in `commands`.
    words : tuple of (str or None)
        Every word of the line, unquoted, those of redirects and assignments too; a glob is its own
        text, and None is what the shell computes.
    """

    text: str
    commands: tuple[Words, ...]
    beyond: tuple[str, ...]
    doubts: tuple[str, ...]
    words: Words = ()


def parse(text: str) -> Line:
    """Read a command line; never fails, but says in the result what it could not read.

    Parameters
    ----------
    text : str
        What would be handed to the shell.

    Returns
    -------
    Line
        Its commands, what it does beyond them, and the doubts about it.
    """
    if (strange := _strange(text)) is not None:
        return Line(text, (), (strange,), (strange,))
    source = text.encode()
    tree = _parser().parse(_NOT_ASCII.sub(b"x", source))
    commands: list[tuple[int, Words]] = []
    beyond: list[str] = []
    doubts: list[str] = []
    harmless: list[tuple[int, int]] = []
    every: list[str | None] = []
    unread = bytearray(source)
    for node in _nodes(tree.root_node, source):
        if _is_harmless(node, source):
            harmless.append((node.start_byte, node.end_byte))
            unread[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
            continue
        if not node.children:
            unread[node.start_byte : node.end_byte] = b" " * (node.end_byte - node.start_byte)
        if node.type in _COMMANDS:
            words = _words(node, source)
            commands.append((node.start_byte, words))
            doubts += _doubts_of_command(words)
            doubts += doubts_about(words, _assigned(node, source))
        if _is_word(node):
            every.append(_word(node, source, globs=True))
        beyond += _beyond(node)
        doubts += _doubts(node, source)
    if unread.replace(b"\\\n", b"").strip():
        # The grammar skips an escaped blank, which to bash is a word or a part of one.
        doubts.append("it has more than its words")
    commands.sort(key=lambda found: found[0])
    lines = tuple(words for _, words in commands)
    if any(None in words for words in lines):
        beyond.append("leaves a part of a command to the shell")
    elif not beyond and not doubts and _read_by_shlex(source, harmless) != list(lines):
        beyond.append("can be read in more than one way")
    if doubts and not beyond:
        beyond.append("cannot be read with certainty")
    beyond, doubts = list(dict.fromkeys(beyond)), list(dict.fromkeys(doubts))
    return Line(text, lines, tuple(beyond), tuple(doubts), tuple(every))


# To bash they are letters that are in none of its own words. The grammar's scanner looks every
# character up in a table that has 256 of them, and some end the process.
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _strange(text: str) -> str | None:
    """Name the characters that bash and the grammar do not read alike."""
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        return "holds text that is not Unicode"
    if any(char not in " \t\n" and (char.isspace() or ord(char) < 32) for char in text):
        return "holds control characters"
    if re.search(r"(?:^|[^ \t])\\\n", text):
        return "continues a word on the next line"
    return None


def _nodes(root: Node, source: bytes) -> Iterator[Node]:
    """Walk the whole tree, without recursion: a hostile line can be very deep."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        # What is inside a harmless redirect is covered by its own text.
        if not _is_harmless(node, source):
            stack.extend(reversed(node.children))


def _is_harmless(node: Node, source: bytes) -> bool:
    return node.type == "file_redirect" and bool(_HARMLESS_REDIRECT.fullmatch(_of(node, source)))


def _of(node: Node, source: bytes) -> bytes:
    return source[node.start_byte : node.end_byte]


def _is_word(node: Node) -> bool:
    """Say whether a node is a word, and no part of one."""
    return node.type in _WORDS and (node.parent is None or node.parent.type not in _WORDS)


def _beyond(node: Node) -> Iterator[str]:
    if not node.is_named:
        if (
            node.parent is not None
            and node.parent.type in {"program", "list", "pipeline"}
            and node.type not in _JOINTS
        ):
            yield "runs in the background" if node.type == "&" else f"uses {node.type!r}"
    elif node.type not in _PLAIN:
        yield _BEYOND.get(node.type, f"uses the shell's language ({node.type.replace('_', ' ')})")


def _doubts(node: Node, source: bytes) -> Iterator[str]:
    if node.is_error or node.is_missing:
        yield _DOUBTFUL["ERROR"]
    elif node.type in _DOUBTFUL:
        yield _DOUBTFUL[node.type]
    elif node.type == "comment":
        before = source[: node.start_byte].rpartition(b"\n")[2]
        if before.strip(b" \t"):
            yield "it has a comment behind a command"
    elif node.type == "expansion" and re.search(rb"[=@!]", _of(node, source)):
        yield "it computes a variable"
    elif node.type == "command_substitution" and _of(node, source).startswith(b"`"):
        # The grammar runs neighbouring backquotes together.
        yield "it substitutes with backquotes"
    elif node.type == "file_redirect" and len(node.children_by_field_name("destination")) > 1:
        # To bash only the first word is a file, and the others belong to the command.
        yield "a redirect stands before the end of a command"
    elif node.type == "simple_expansion" and not re.fullmatch(rb"\$(\w+|\W)", _of(node, source)):
        # The grammar finds a variable in `$ rm`; bash finds a dollar and a command.
        yield "it has a dollar by itself"
    elif (computes := _COMPUTES.get(node.type)) and computes.search(_of(node, source)):
        yield "it computes"
    elif node.type == "variable_name":
        holder = node.parent.type if node.parent else ""
        name = _of(node, source).decode(errors="replace")
        if not name.isascii():
            # To bash that is no name, so it is no assignment either.
            yield _DOUBTFUL["ERROR"]
        elif holder not in {"simple_expansion", "expansion"} and steers(name):
            yield f"it sets {name}"
    elif _quotes_substitution(node, source):
        yield "it quotes a substitution that may run later"


def _quotes_substitution(node: Node, source: bytes) -> bool:
    if node.type == "string":
        return bool(re.search(rb"\\[$`]", _of(node, source)))
    return node.type in _QUOTABLE and bool(_SUBSTITUTES_LATER.search(_known(node, source)))


def _doubts_of_command(words: Words) -> Iterator[str]:
    if not words or words[0] is None:
        yield "the name of a command is computed"
    elif words[0] in _RESERVED:
        yield _DOUBTFUL["ERROR"]
    if words and words[0] in DECLARES and any(re.match(r"-\w*[in]", w or "") for w in words):
        # What is assigned to an integer, now or later, is computed; a reference may be a subscript.
        yield "it computes"


def _assigned(command: Node, source: bytes) -> list[str]:
    assignments = [node for node in command.named_children if node.type == "variable_assignment"]
    return [_of(node.children[0], source).decode(errors="replace") for node in assignments]


def _words(command: Node, source: bytes) -> Words:
    words: list[str | None] = []
    if command.type != "command":
        words.append(_of(command.children[0], source).decode())
    for child in command.named_children:
        if child.type == "command_name":
            words.append(_word(child.named_children[0], source, head=True))
        elif child.type not in {"variable_assignment", "comment"} and "redirect" not in child.type:
            words.append(_word(child, source))
    return tuple(words)


def _word(node: Node, source: bytes, *, head: bool = False, globs: bool = False) -> str | None:
    """Unquote a word as bash does, or answer None where its value is not in the text.

    With `globs`, one that may become the names of files is its own text.
    """
    text = _of(node, source).decode()
    match node.type:
        case "number" | "word" | "variable_name":
            # A glob at the front may become an option, and a brace several words.
            is_glob = _OPTION_GLOB.match(text) or (head and re.search(r"[*?\[]|^~", text))
            if (is_glob and not globs) or re.search(r"\{.*(,|\.\.).*\}", text, re.DOTALL):
                return None
            return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        case "raw_string":
            return text[1:-1]
        case "string":
            if text[:1] != '"' or any(c.type != "string_content" for c in node.named_children):
                return None
            return re.sub(r'\\(["$`\\])', r"\1", text[1:-1].replace("\\\n", ""))
        case "concatenation":
            parts = [_word(child, source, head=head, globs=globs) for child in node.named_children]
            whole = "".join(part for part in parts if part is not None)
            spelled = (
                _of(child, source).decode() if child.type == "word" else re.escape(part or "")
                for child, part in zip(node.named_children, parts, strict=True)
            )
            if (
                None in parts
                or (_OPTION_GLOB.match("".join(spelled)) and not globs)
                or b"".join(_of(child, source) for child in node.named_children) != text.encode()
                or re.search(r"\{.*(,|\.\.).*\}", text, re.DOTALL)
            ):
                return None
            return whole
        case "simple_expansion" if text in {"$?", "$#", "$$", "$!"}:
            return "0"
    return None


def _known(node: Node, source: bytes) -> str:
    """Unquote a word as far as its value is in the text: ``a['$'\\(x\\)]`` is ``a[$(x)]``."""
    parts = node.named_children if node.type == "concatenation" else [node]
    return "".join(_word(part, source, globs=True) or "\0" for part in parts)


def _read_by_shlex(source: bytes, without: list[tuple[int, int]]) -> list[Words] | None:
    """Split a line that should be plain with the other parser; None where it fails."""
    for start, end in sorted(without, reverse=True):
        source = source[:start] + b" " + source[end:]
    text = re.sub(r"^[ \t]*#.*$", "", source.decode(), flags=re.MULTILINE)
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=";|&\n")
    lexer.whitespace = " \t"
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for token in lexer:
            if token and not token.strip(";|&\n"):
                commands.append([])
            else:
                commands[-1].append(token)
    except ValueError:
        return None
    return [tuple(words) for words in commands if words]
