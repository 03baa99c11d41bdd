"""Which variables have the shell, or a program that it runs, run something else.

A variable of the shell alone is harmless, unless it steers the shell. One that is put before a
command, or exported, reaches a program: many take options from one (``TAR_OPTIONS``), or the name
of a program (``GREP`` of zgrep). Nobody has a list of those, so there it has to be a harmless name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from copilot_magics.permissions.shell import Words

DECLARES = {"declare", "typeset", "local", "readonly", "export"}

_STEERS_THE_SHELL = re.compile(
    r"PATH|IFS|ENV|BASH\w*|SHELLOPTS|PROMPT_COMMAND|PS\d|LD_\w+|DYLD_\w+|GIT_\w+|\w*PAGER"
    r"|\w*EDITOR|VISUAL|BROWSER|SHELL|CDPATH|PYTHON\w+|PERL\w+|RUBY\w+|NODE_\w+|LESS\w*|MAKEFLAGS"
    # What is assigned to these is computed.
    r"|S?RANDOM|OPTIND|HISTCMD"
)
_GIVEN = re.compile(r"\w*HOME|XDG_\w+|SSH_\w+|DOCKER_\w+|KUBECONFIG|\w+_(OPTION|OPT|FLAG)S")
"""What may be in the environment already: however it is set, it reaches programs."""
_HARMLESS = re.compile(
    r"(?!npm_)[a-z]\w*|[A-Z]\d*|LANG|LC_\w+|TZ|TERM|COLORTERM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR"
    r"|CLICOLOR\w*|CI|DEBUG|VERBOSE|\w+_NUM_THREADS|CUDA_VISIBLE_DEVICES"
)
_NAME = re.compile(r"[A-Za-z_]\w*(%%|\(\))?\+?")

_SETS = {"read", "printf", "mapfile", "readarray", "getopts"}
_SETS_FOR_OTHERS = {"env", "sudo", "doas", "time", "coproc", "systemd-run", "cross-env"}
_SHELLS = {"set", "shopt", "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"}
_EXPORTS_ALL = re.compile(r"-\w*[ak]\w*|allexport|keyword")


def steers(name: str) -> bool:
    """Say whether a variable steers what is run, also where it is set for the shell alone."""
    return any(names.fullmatch(name) for names in (_STEERS_THE_SHELL, _GIVEN))


def doubts_about(words: Words, assigned: Sequence[str]) -> Iterator[str]:
    """Say how a command may set a variable that steers something.

    Parameters
    ----------
    words : tuple of (str or None)
        The command.
    assigned : sequence of str
        The variables that stand before it, or that it declares.
    """
    # Any word may be the program, behind others that run it.
    heads = {_head(word) for word in words}
    if any(_names(_STEERS_THE_SHELL, word) for word in words):
        yield "it may set a variable that steers the shell"
    elif heads & _SETS and any(_names(_GIVEN, word) for word in words):
        yield "it may set a variable that programs are given"
    shell = next((at for at, word in enumerate(words) if _head(word) in _SHELLS), len(words))
    if any(_EXPORTS_ALL.fullmatch(word or "") for word in words[shell:]):
        yield "it exports what it sets"
    declares = bool(DECLARES & heads)
    exports = "export" in heads or (declares and any(re.match(r"-\w*x", w or "") for w in words))
    reach = list(assigned) if exports or DECLARES.isdisjoint(words[:1]) else []
    if exports or heads & _SETS_FOR_OTHERS:
        pairs = [(word or "").partition("=") for word in words]
        reach += [name for name, equals, _ in pairs if equals or exports]
    for name in reach:
        if _NAME.fullmatch(name) and not _HARMLESS.fullmatch(name):
            yield f"it sets {name}"


def _head(word: str | None) -> str:
    return (word or "").rpartition("/")[2]


def _names(variables: re.Pattern[str], word: str | None) -> bool:
    """Say whether a word names one: alone, behind the ``-v`` of printf, or before a ``=``."""
    name = re.sub(r"^-[a-z]*", "", (word or "").partition("=")[0])
    return variables.fullmatch(name) is not None
