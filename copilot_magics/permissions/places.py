"""Which files and pages a command line names, for the patterns that deny them.

Its words are compared as the shell would unquote them, those of redirects, assignments and scripts
too, and what is glued to an option. Which of them a program takes for files is its own matter, so
all of them count. A word is told for certain as it stands; it may also stand for more: as a glob,
as a file in a folder that another word names (``cd sub; cat inner``), behind letters of options, or
as a folder with all that is in it. Where the shell computes a word, nothing can be told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from glob import iglob
from itertools import islice
from urllib.parse import unquote

from copilot_magics.permissions import hosts, programs
from copilot_magics.permissions.commands import Denial
from copilot_magics.permissions.descents import Descent, descents, moves, runs_scripts
from copilot_magics.permissions.paths import (
    Target,
    denied_below,
    globs_meet,
    is_denied,
    leads_to,
)
from copilot_magics.permissions.patterns import Pattern
from copilot_magics.permissions.shell import Line, parse

_DEEPEST = 3
_MOST_STEPS = 3
_MOST_PLACES = 4_000
_MOST_FOUND = 200
_MOST_PARTS = 16
_TOO_LONG = re.compile(r"-\w{40}|.{4096}", re.DOTALL)
_COMPUTED = Denial(False, "the shell computes a part of it")
_GLOB = re.compile(r"[*?\[]")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{0,20}:/+[^\s'\"|;&<>]+")
_CURL_GLOB = re.compile(r"[^\s'\"]*(?<!%)[\[{][^\s'\"]*")


def denied_file(
    line: Line, argument: str, folders: tuple[str, ...], *, writes: bool
) -> Denial | None:
    """Look for a denied file in a command line.

    Parameters
    ----------
    line : Line
        The line.
    argument : str
        The path of a ``read`` or ``write`` pattern.
    folders : tuple of str
        Where the command runs; the first is what the pattern's path starts from.
    writes : bool
        Whether it is a ``write`` pattern: what searches a folder does not write there.
    """
    words, folders = list(_words(line)), tuple(dict.fromkeys(map(os.path.realpath, folders)))
    home = folders[0]
    values = {value for word in words if word for value in _values(word)}
    # Also as the text has it, for what is quoted to be read by another program than a shell.
    pieces = {piece for piece in re.split(r"[\s'\"|;&<>=()`$,:]+", line.text) if piece}
    for folder in folders:
        if any(is_denied(argument, Target.of(value, folder), home) for value in values | pieces):
            return Denial(True, "the command names it")
    if None in words or any(command[:2] == ("cd", "-") for command in line.commands):
        return _COMPUTED
    if any(word and _TOO_LONG.match(word) for word in words):
        return Denial(False, "a word of it is too long")
    values |= {value for word in words if word for value in _behind_letters(word)}
    bases = _bases(argument, values, folders)
    if ("cd",) in line.commands:
        bases.append(os.path.expanduser("~"))
    values |= set(map(os.path.basename, values)) - {""}
    if len(bases) * len(values) > _MOST_PLACES:
        return Denial(False, "it names too many files")
    for value in sorted(values):
        if any(_may_be(argument, value, base, home) for base in bases):
            return Denial(False, f"the command may mean it by {value!a}")
    starts = _starts(line, folders)
    bases = _bases(argument, {v for word in moves(line) for v in _values(word)}, starts)
    for descent in descents(line, writes=writes):
        if found := _below(argument, descent, bases, home):
            return Denial(False, f"the command may also reach {found!a}")
    return None


def denied_page(line: Line, pattern: Pattern) -> Denial | None:
    """Look for a denied page in a command line: its URL, or the name of its host."""
    host = pattern.host()
    called = hosts.forms(host)
    words = list(_words(line))
    texts = {text for word in (*words, line.text) if word for text in (word, hosts.plain(word))}
    for text in (*texts, *(f"https://{text}" for text in texts if not text.isascii())):
        if any(map(pattern.denies_url, _URL.findall(text))) or (host and host in text.casefold()):
            return Denial(True, "the command names it")
        if host and not called.isdisjoint(hosts.addresses_in(text)):
            return Denial(True, f"the command names {host}")
    if None in words:
        return _COMPUTED
    # curl has globs of its own: https://{evil,x}.com
    curls = any("curl" in programs.name_of(word) for word in words if word)
    if curls and any(word and _CURL_GLOB.fullmatch(word) for word in words):
        return Denial(False, "curl may expand it")
    return None


def _words(line: Line, depth: int = 0) -> Iterator[str | None]:
    """Yield the words of a line and of the scripts in it; None for what the text does not tell."""
    if line.doubts or depth > _DEEPEST:
        yield None
        return
    a_shell_reads = any(map(runs_scripts, line.commands))
    for word in line.words:
        yield word
        if word and re.search(r"[^\w./:@%+,=~*?\[\]-]", word):
            inner = _words(parse(word), depth + 1)
            # What no shell will read is an argument like any other.
            yield from inner if a_shell_reads else (found for found in inner if found)


def _values(word: str) -> Iterator[str]:
    """Yield what a word may name: itself, and the parts of ``--file=a:b`` and of ``@a``."""
    for text in {word, unquote(word)}:
        parts = {text, *re.split(r"[=,:@]", text)}
        parts |= {text[at.end() :] for at in islice(re.finditer(r"[=,:@]", text), _MOST_PARTS)}
        for part in parts - {""}:
            yield part
            if part.startswith("~"):
                yield os.path.expanduser(re.sub(r"^~\+(/|$)", r"./", part))


def _behind_letters(word: str) -> Iterator[str]:
    """Yield what may be glued to the letters of options: the file of ``-xofile``."""
    letters = re.match(r"-\w+", word)
    for at in range(2, letters.end() + 1 if letters else 0):
        yield from _values(word[at:])


def _bases(argument: str, values: set[str], folders: tuple[str, ...]) -> list[str]:
    """Return the folders in which a word may be looked for: those that other words name."""
    bases = list(dict.fromkeys(folders))
    fresh = bases
    for _ in range(_MOST_STEPS):
        if len(fresh) * len(values) > _MOST_PLACES:
            break
        places = {os.path.normpath(os.path.join(base, value)) for base in fresh for value in values}
        # A folder may be made by the same line.
        fresh = [
            place
            for place in places.difference(bases)
            if os.path.isdir(place) or leads_to(argument, place)
        ]
        bases += fresh
    return bases


def _starts(line: Line, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Return where the commands of a line run, when it begins with ``cd FOLDER &&``."""
    if ("cd",) in line.commands:
        return (*folders, os.path.expanduser("~"))
    first = line.commands[0] if line.commands else ()
    if line.beyond or len(first) != 2 or first[0] != "cd" or not first[1]:
        return folders
    gone = tuple(os.path.join(folder, os.path.expanduser(first[1])) for folder in folders)
    at_once = re.match(r"\s*cd\s+[^|;&\n]+(&&|;|\n)", line.text)
    return gone if at_once and all(map(os.path.isdir, gone)) else folders


def _below(argument: str, descent: Descent, bases: list[str], home: str) -> str:
    """Return what is denied below a folder that a command uses whole, if anything is."""
    values = {value for word in set(descent.words) for value in _values(word)}
    places: list[str] = []
    for place in sorted({place for base in bases for v in values for place in _folders(base, v)}):
        if not any(Target(place, place).is_inside(other) for other in places):
            places.append(place)
    for place in places:
        if Target(place, place).depends_on_process:
            return place
        below = denied_below(argument, place, home, by_command=True, links=descent.links)
        for count, found in enumerate(below):
            # What is not denied itself is too large to be looked through.
            is_found = is_denied(argument, Target.of(found, home), home)
            if not is_found or count == _MOST_FOUND or descent.reaches(found, place):
                return found
    return ""


def _folders(base: str, value: str) -> list[str]:
    """Return the folders that a word may stand for, seen from another one."""
    place = os.path.join(base, value)
    if not _GLOB.search(value):
        return [Target.of(value, base).real] if os.path.isdir(place) else []
    found = list(islice(iglob(place, include_hidden=True), _MOST_FOUND))
    if len(found) == _MOST_FOUND:
        return [Target.of("", base).real]
    return [Target.of(path, base).real for path in found if os.path.isdir(path)]


def _may_be(argument: str, value: str, base: str, home: str) -> bool:
    """Say whether a word, seen from a folder, may lead to what is denied."""
    place = os.path.join(base, value)
    if not _GLOB.search(value):
        return is_denied(argument, Target.of(place, home), home)
    if globs_meet(argument, place, home) or globs_meet(argument, value, home):
        return True
    if len([part for part in value.split(os.sep) if _GLOB.search(part)]) > 2 or "**" in value:
        return True
    found = islice(iglob(place, include_hidden=True), _MOST_FOUND)
    return any(is_denied(argument, Target.of(path, home), home) for path in found)
