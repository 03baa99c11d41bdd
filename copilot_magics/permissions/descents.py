"""Which folders a command may use whole, every file below them, naming none of these.

``cp -r src x`` and ``tar c src`` use the folder that they name; ``rg x`` goes down the one that it
runs in, and ``xargs`` and the like are told by a list what to use. What tells only names, and what
checks or builds the files of a folder, is left out. Of a program that is on no list here, every
folder that it names counts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import pairwise, takewhile
from pathlib import Path

from copilot_magics.permissions import programs
from copilot_magics.permissions.options import INTERPRETERS, LAUNCHERS, OPTIONS, TELLS
from copilot_magics.permissions.shell import Line, Words, parse

_DEEPEST = 3
_MOST_HANDED = 20


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _each(names: str, words: str) -> dict[str, re.Pattern[str]]:
    return dict.fromkeys(names.split(), re.compile(words, re.VERBOSE))


_NO_FOLDER = frozenset().union(
    programs.HARMLESS,
    programs.COMPUTING,
    programs.RUNNERS,
    programs.TELLS_BY_SCRIPT,
    _set("ruff black isort mypy pyright flake8 pylint prettier eslint tsc curl wget gh"),
    _set("apt apt-get brew conda mamba"),
)
"""Programs that tell nothing of the files in a folder, but for what `_ENTERS` says."""
_ENTERS = {
    **_each("cp scp", r"-\w*[rRa] | --(rec|ar)"),
    **_each("rm", r"-\w*[rR] | --rec"),
    **_each("grep egrep fgrep zgrep", r"-\w*[rRd] | --(rec|der|dir)"),
    **_each("gzip gunzip zstd unzstd", r"-\w*r | --rec"),
    **_each("mv ln diff", r""),
    **_each("find", r"-(exec|ok)(dir)?$ | -delete$ | -files0-from$"),
    **_each("fd fdfind", r"-\w*[xX] | --exec"),
    **_each("git", r"(grep|archive|diff\S*|show|format-patch|whatchanged|cat-file|fast-export)$"
                   r"| -\w*[puvc]$ | -U | --(patch|unif|bin|verb|remerge|cc$)"),
}  # fmt: skip
"""What a word of a program begins with that has it use the files of a folder."""
_BY_ITSELF = {
    **dict.fromkeys(("grep", "egrep", "fgrep", "rgrep"), "ABCDdefm"),
    **dict.fromkeys(("ugrep", "ug"), "ABCDEJKMNOdefgjmt"),
    "rg": "ABCEMTdefgjmrt", "ag": "ABCGWmp", "ack": "ABCm",
}  # fmt: skip
"""Programs that go down the working folder, told no other; the letters of theirs with a value."""
_LISTED = _set("xargs parallel cpio pax")
"""Programs that are told by a list which files to use."""
_FROM_LIST = re.compile(r"-@$|--files0|--files-f")
_TARS = _set("tar bsdtar gtar")
_TARS_LIST = re.compile(r"-\w*T")
_COPIES = _set("cp mv ln scp rsync install")
"""Programs whose last word is where to."""
_ONLY_READ = frozenset(_BY_ITSELF) | _set("zgrep diff git")
_ONLY_WRITE = _set("rm")
_MOVES = re.compile(r"-[CD](?P<glued>.*)|--(ch|dir|cwd)")
_FINDS_PATH = re.compile(r"(?!-[HLP]$)[-(!]")
_FINDS_OTHERS = _set("-o -or , ! -not")
_FILTERS = _set("head sort tail uniq")
_UNTRACKED = re.compile(r"-\w*o$|--(untr|no-in|oth)")
_FOLLOWS = re.compile(r"-\w*[LRHh]|--(der|copy-[lu]|foll)")
_LEAVES_OUT = re.compile(r"--(exclude|ignore|skip)")
_NO_PROGRAM = re.compile(r"-.*|\w+=.*|[\d.]+[smhd%]?", re.DOTALL)
_KNOWN = frozenset().union(
    _NO_FOLDER, _ENTERS, _BY_ITSELF, _LISTED, INTERPRETERS, OPTIONS, TELLS,
    programs.WRAPPERS, programs.SHELLS,
)  # fmt: skip


@dataclass(frozen=True)
class Descent:
    """The folders that one command may use whole.

    Parameters
    ----------
    words : tuple of str
        The words that may name them; one is ``.`` where it is the folder that the command runs in.
    names : tuple of str
        What the files, or folders on the way to them, must be called; empty for any name.
    tracked : bool
        Whether it is only about what git knows.
    links : bool
        Whether it is also about where links below them lead.
    """

    words: tuple[str, ...]
    names: tuple[str, ...] = ()
    tracked: bool = False
    links: bool = False

    def reaches(self, path: str, folder: str) -> bool:
        """Say whether what lies at a path below one of the folders may be used."""
        if self.tracked and not _is_tracked(Path(path)):
            return False
        if not self.names or os.path.isdir(path):
            return True
        parts = os.path.relpath(path, folder).casefold().split(os.sep)
        return any(fnmatchcase(part, name) for part in parts for name in self.names)


def descents(line: Line, *, writes: bool) -> Iterator[Descent]:
    """Find the folders that the commands of a line may use whole.

    Parameters
    ----------
    line : Line
        The line; it must hold nothing that the shell computes.
    writes : bool
        Whether it is asked what they write; else what they read.
    """
    found = list(commands(line))
    for words in found:
        name = _name(words)
        given = [word or "*" for word in words[1:]]
        if name in _TARS and given:
            # The first letters are options, with a dash or without.
            given[0] = f"-{given[0].removeprefix('-')}"
        if _is_listed(name, given):
            every = {word for command in found for word in command[1:] if word}
            yield _of_list(line, Descent((".", *every)))
        elif name not in (_ONLY_READ if writes else _ONLY_WRITE) and _enters(name, given):
            yield _descent(name, given, writes=writes)


def moves(line: Line) -> Iterator[str]:
    """Yield the words that may name another folder to run in."""
    for words in commands(line):
        found = [match for word in words if word and (match := _MOVES.match(word))]
        if found or programs.name_of(words[0] or "") in {"cd", "pushd"}:
            yield from (word for word in words[1:] if word)
            yield from (match["glued"] for match in found if match["glued"])


def commands(line: Line, depth: int = 0) -> Iterator[Words]:
    """Yield the commands of a line, and those that they run by their words."""
    for words in line.commands:
        yield from _handed(words)
        if depth < _DEEPEST and runs_scripts(words):
            for word in words:
                if word and re.search(r"\s", word):
                    yield from commands(parse(word), depth + 1)


def runs_scripts(words: Words) -> bool:
    """Say whether a shell may read a word of a command."""
    if any(word and programs.reads_commands(word) for word in words):
        return True
    runs = programs.WRAPPERS | programs.SHELLS | programs.EVALUATORS
    return programs.name_of(words[0] or "") in runs and not programs.hands_over(words)


def _handed(words: Words) -> Iterator[Words]:
    """Yield a command, what it hands its words to, what that hands them to, and so on."""
    waiting, seen = [0], {0}
    while waiting:
        at = waiting.pop()
        yield words[at:]
        if len(seen) > _MOST_HANDED:
            # What is nested deeper counts as told by a list.
            yield ("xargs", *words)
            return
        fresh = {at + step for step in _programs(words[at:])} - seen
        waiting += fresh
        seen |= fresh


def _programs(words: Words) -> Iterator[int]:
    """Yield where the program may stand that a command runs."""
    name = _name(words)
    launches = LAUNCHERS.get(name, frozenset())
    if name == "find":
        yield from (at + 1 for at, word in enumerate(words[:-1]) if _executes(word))
        return
    if name in INTERPRETERS:
        start = words.index("-m") + 1 if "-m" in words else len(words)
    elif launches:
        start = next((at + 1 for at, word in enumerate(words) if word in launches), len(words))
    else:
        runs = name in LAUNCHERS or (name in programs.WRAPPERS and name not in _ENTERS)
        start = 1 if runs else len(words)
    for at in range(start, len(words)):
        if _NO_PROGRAM.fullmatch(words[at] or ""):
            continue
        # Behind an option it may be the option's value.
        is_certain = at == start or not (words[at - 1] or "").startswith("-")
        if is_certain or _name(words[at:]) in _KNOWN:
            yield at
        if is_certain:
            return


def _executes(word: str | None) -> bool:
    return bool(re.fullmatch(r"-(exec|ok)(dir)?", word or ""))


def _name(words: Words) -> str:
    name = programs.name_of(words[0] or "")
    return name if name in _KNOWN else re.sub(r"[\d.]+$", "", name)


def _is_listed(name: str, given: list[str]) -> bool:
    if name in _LISTED or any(map(_FROM_LIST.match, given)):
        return True
    return name in _TARS and any(map(_TARS_LIST.match, given))


def _of_list(line: Line, told: Descent) -> Descent:
    """Say what is in the list, in a line like ``find . -name '*.py' | xargs wc``."""
    first, *others = line.commands
    plain = not line.beyond and len(others) == line.text.count("|")
    if not plain or not others or any(_name(words) not in _FILTERS for words in others[:-1]):
        return told
    if first[:2] == ("git", "ls-files"):
        return replace(told, tracked=not any(_UNTRACKED.match(word or "*") for word in first))
    return replace(told, names=_names_found([word or "*" for word in first]))


def _enters(name: str, given: list[str]) -> bool:
    """Say whether a program uses the files of a folder."""
    if name in _ENTERS:
        return any(map(_ENTERS[name].match, given))
    runs = name in programs.WRAPPERS or (name in INTERPRETERS and "-m" in given)
    return not runs and name not in _NO_FOLDER


def _descent(name: str, given: list[str], *, writes: bool) -> Descent:
    """Return the folders of a command that uses some, its program's name and its other words."""
    if name == "find":
        paths = list(takewhile(lambda word: not _FINDS_PATH.match(word), given))
        return Descent(tuple(paths) or (".",), _names_found(given), links=_follows(given))
    if name == "git":
        return Descent((".", *given), tracked=not any(map(_UNTRACKED.match, given)))
    by_itself = name in ("fd", "fdfind")
    if name in _BY_ITSELF:
        by_itself = len(_operands(given, _BY_ITSELF[name])) < 2 and "--files" not in given
    # What is written over lies where to, unless it is moved there.
    if name in _COPIES and not (writes and name in ("cp", "rsync")):
        given = _sources(given)
    named = [word for word in given if not _LEAVES_OUT.match(word)]
    return Descent((*(["."] if by_itself else []), *named), links=name == "zip" or _follows(given))


def _follows(given: list[str]) -> bool:
    return any(map(_FOLLOWS.match, given))


def _operands(given: list[str], letters: str) -> list[str]:
    """Return the words that are no options, nor values of them."""
    takes_value = re.compile(rf"-\w*[{letters}]|--[^=]+")
    return [
        word
        for option, word in zip(["", *given], given, strict=False)
        if not (word.startswith("-") or takes_value.fullmatch(option))
    ]


def _sources(given: list[str]) -> list[str]:
    """Leave out where a copy goes to."""
    operands = [at for at, word in enumerate(given) if not word.startswith("-")]
    # `find -exec` ends its command with a word of its own.
    last = next((at for at in reversed(operands) if given[at] not in (";", "+")), len(given))
    named = any(re.match(r"-\w*t|--target", word) for word in given)
    return given if named else given[:last]


def _names_found(given: list[str]) -> tuple[str, ...]:
    """Return the names that ``find`` looks for, where it takes no others."""
    asked = list(takewhile(lambda word: not _executes(word), given))
    if _FINDS_OTHERS & set(asked):
        return ()
    names = pairwise(asked)
    return tuple(name.casefold() for option, name in names if option in ("-name", "-iname"))


def _is_tracked(path: Path) -> bool:
    """Say whether git may know a file: its index has it, or cannot be read as it stands."""
    end = b"/" if path.is_dir() else b"\0"
    for folder in path.parents:
        if (folder / ".git").is_dir():
            try:
                index = (folder / ".git" / "index").read_bytes()
            except OSError:
                return False
            # The fourth version writes only how a path differs from the one before.
            version_4 = index[4:8] == b"\0\0\0\4"
            return version_4 or os.fsencode(path.relative_to(folder)) + end in index
        if (folder / ".git").exists():
            return True
    return False
