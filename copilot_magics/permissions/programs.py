"""Which programs run other programs, and how they can be told to.

Three questions. `runs_another`: would this command run something its own name does not say, or may
it, being of a program on no list? Then a pattern that allows the name does not allow it.
`cannot_see`: may it run commands that are not written in its words? `stranger`: is it a program of
which nothing is known here? Then a deny pattern cannot know whether it is evaded. Yet a program can
be exchanged for another of its name. Which words have a program run another is in `options`.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable
from itertools import pairwise

from copilot_magics.permissions.options import (
    ANY_OPTION,
    DOUBTFUL,
    GH_COMMANDS,
    GIT_COMMANDS,
    GIT_HARMLESS,
    GIT_LETTERS,
    GIT_OPTIONS,
    GIT_TOLD,
    INTERPRETERS,
    LAUNCHERS,
    OPERANDS,
    OPTIONS,
    PNPM_COMMANDS,
    TELLS,
)
from copilot_magics.permissions.shell import Words


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


WRAPPERS = _set(
    "env sudo doas su runuser nohup timeout time nice ionice chrt taskset setsid stdbuf "
    "unbuffer command builtin exec coproc xargs parallel watch strace ltrace gdb valgrind perf "
    "script expect flock chroot unshare nsenter setpriv capsh prlimit systemd-run at batch "
    "crontab start-stop-daemon ssh rsh mosh scp sftp lxc wsl busybox toybox entr tmux screen "
    "dtach proot fakeroot firejail bwrap run-parts xvfb-run dbus-run-session socat nc ncat "
    "netcat faketime cpulimit numactl chronic ts setarch linux32 linux64 i386 x86_64 pkexec sg "
    "newgrp open xdg-open osascript winpty cmd powershell pwsh start runas hyperfine direnv "
    "nix-shell ld.so catchsegv rlwrap cgexec dbus-launch xterm uxterm rxvt konsole gnome-terminal "
    "terminator alacritty kitty coreutils ip tcpdump setuidgid softlimit daemonize run-one "
    "chpst s6-setuidgid dumb-init tini gosu su-exec catatonit cross-env dotenv honcho foreman op "
    "doppler volta aws-vault watchexec nodemon concurrently rr heaptrack mpirun mpiexec srun bsub "
    "ccache distcc sccache icecc bear scan-build intercept-build libtool eatmydata fakechroot "
    "torsocks torify tsocks proxychains proxychains4 autossh rlogin rexec pssh pdsh clush dsh salt "
    "ssh-agent vipe esy"
)
SHELLS = _set("sh bash dash zsh ksh mksh ash fish csh tcsh rbash elvish nu xonsh")
EVALUATORS = _set("eval trap source . alias enable bind complete compgen hash fc mapfile readarray")
TELLS_BY_SCRIPT = _set(
    "awk gawk mawk nawk sed gsed ed ex vi vim nvim vimdiff view rview emacs nano pico joe micro hx "
    "kak m4 dc gnuplot octave psql mysql mariadb less more most mc ranger top htop lynx w3m links "
    "ftp lftp telnet mail mailx mutt"
)
"""Programs whose first argument, or a key press, is a program that can run others."""

RUNNERS = _set(
    "make gmake cmake ninja just task rake gradle mvn ant bazel npm npx pnpm yarn bunx cargo go "
    "uv uvx poetry pipenv pip pip3 pipx tox nox pytest jupyter nbconvert papermill invoke fab "
    "ansible terraform vagrant pre-commit hatch pdm rye gem bundle composer dotnet java"
)
"""Programs that run what a folder's files say: allowed by name, opaque to a deny pattern."""

HARMLESS = _set(
    ": true false [ test echo printf pwd cd pushd popd dirs read exit return break continue shift "
    "wait jobs kill umask ulimit type set shopt let getopts times arch b2sum base32 base64 "
    "basename basenc cat chgrp chmod chown cksum comm cp csplit cut date dd df dir dirname du "
    "expand expr factor fmt fold groups head hostid hostname id join link ln logname ls md5sum "
    "mkdir mkfifo mktemp mv nl nproc numfmt od paste pathchk pr printenv ptx readlink realpath rm "
    "rmdir seq sha1sum sha224sum sha256sum sha384sum sha512sum shred shuf sleep stat stty sum sync "
    "tac tail tee touch tr truncate tsort tty uname unexpand uniq unlink uptime users vdir wc who "
    "whoami yes grep egrep fgrep zgrep diff cmp column look rev strings xxd hexdump iconv "
    "dos2unix unix2dos jq tree file which whereis locate gzip gunzip zcat bzip2 bunzip2 bzcat xz "
    "unxz xzcat zstd unzstd zstdcat unzip ping host dig nslookup ps free lsblk lscpu lsof pgrep "
    "pkill killall nvidia-smi ss netstat clear git"
)
"""Programs that run no other; git has a list of its own."""

COMPUTING = _set("[ test let read unset printf wait getopts declare typeset local readonly export")
"""Builtins that compute the subscript of a variable that they are told."""

_BLIND = _set(
    "perf direnv dotenv honcho foreman xargs parallel crontab at batch expect script busybox"
)
"""Wrappers that take what they run, or variables for it, from elsewhere."""

_SUBSCRIPT = re.compile(r"(-\w*)?[A-Za-z_]\w*\[")

_HAND_OVER = _set(
    "sudo doas nohup timeout time nice ionice chrt taskset setsid stdbuf command builtin exec"
)
"""Wrappers that hand their words over as they are, and read none of them as a script."""

_VALUES = {
    "sudo": "ughpCrtTUDR", "doas": "uC", "env": "uCS", "timeout": "sk", "nice": "n",
    "ionice": "cnp", "stdbuf": "ioe", "exec": "a", "time": "fo",
}  # fmt: skip
_TAKE_VALUES = _set(
    "--user --group --host --prompt --chroot --chdir --unset --signal --kill-after --argv0 --role "
    "--type --other-user --adjustment --class --classdata --input --output --error --format"
)
"""Options of theirs whose value stands before the program."""

_KNOWN = frozenset().union(
    HARMLESS, COMPUTING, WRAPPERS, SHELLS, EVALUATORS, TELLS_BY_SCRIPT, RUNNERS, OPTIONS
)
_OWN_WORDS = frozenset().union(HARMLESS, COMPUTING, OPTIONS, TELLS)
"""Programs of which is known by which words they run others."""
_TOLD = frozenset().union(OPTIONS, TELLS, LAUNCHERS)
_OPAQUE = frozenset(OPTIONS) | (_TOLD - HARMLESS)
"""Programs that a computed word may have run another."""
_NO_PROGRAM = re.compile(r"-.*|\w+=.*|[\d.]+[smhd%]?", re.DOTALL)
_NAMES_FILE = re.compile(r"-\w*[oOK]|--(output|remote-name|config)")

_ELSEWHERE = re.compile(
    r"(//?|(\.\./)+)(dev|proc|usr)/|(//?|(\.\./){2,})s?(bin|lib\d*)/"
    r"|(.*/)?(python[\d.]+|node_modules/npm)/"
)
"""Devices, and where the programs and modules lie that come with a system."""

_LONGEST = 2_000
_ASKS_ONLY = _set("--version -V --help -h")
_ASKS_BY_V = _set("perl ruby node nodejs php lua")
"""Interpreters of which -v asks for the version: to others it is to say more."""
_SYSTEM_FOLDERS = re.compile(r"(/usr|/usr/local|/opt/homebrew)?/s?bin/[^/]+")


def name_of(head: str) -> str:
    """Return the bare name of a program: ``/bin/rm`` and ``RM.EXE`` are ``rm``."""
    name = re.split(r"[/\\]", head)[-1].casefold()
    return name.removesuffix(".exe")


def is_file_of(word: str, name: str) -> bool:
    """Say whether a word is the path of a program in a folder of the system's programs."""
    path = os.path.normpath(word)
    return bool(_SYSTEM_FOLDERS.fullmatch(path)) and name_of(path) == name


def never_by_name(name: str) -> bool:
    """Say whether allowing this program by name would allow any program."""
    bare = name_of(name)
    return bare in WRAPPERS | SHELLS | EVALUATORS | TELLS_BY_SCRIPT


def hands_over(words: Words) -> bool:
    """Say whether a command hands its words over as they are, none of them to a shell."""
    head = words[0] if words else None
    reads = any(word and reads_commands(word) for word in words)
    return head is not None and name_of(head) in _HAND_OVER and not reads


def reads_commands(word: str) -> bool:
    """Say whether a word names a program that reads its arguments as the shell does."""
    return name_of(word) in SHELLS | {"eval", "trap"}


def runs_another(words: Words, named: int = 1) -> str:
    """Say how a command would run something else than is named, or answer ``""``.

    Parameters
    ----------
    words : tuple of (str or None)
        The command.
    named : int
        How many of its first words a pattern spells out: ``uv run pytest`` names pytest too.
    """
    head = words[0] if words else None
    if head is None:
        return "the shell computes the name of the command"
    name = name_of(head)
    if never_by_name(name):
        return f"{name} can run any program"
    if name == "git":
        return _git(words)
    if name == "gh" and (extension := _subcommand(words)) not in GH_COMMANDS:
        return f"gh {extension} can run a program"
    if name == "pnpm" and named < 2 and (words[1:2] or ("",))[0] not in PNPM_COMMANDS:
        return f"pnpm {words[1]} can run a program"
    bare, words = _unversioned(name), _with_dash(words)
    if launched := _launched(bare, words):
        if launched >= named:
            return f"{name} can run any program"
        return runs_another(words[launched:], named - launched)
    if (module := _module(bare, words)) and _unversioned(name_of(module[0] or "")) in _TOLD:
        return runs_another(module, named - len(words) + len(module))
    spec = OPTIONS.get(name) or OPTIONS.get(bare)
    tells = TELLS.get(bare) or (None if {name, bare} & _OWN_WORDS else DOUBTFUL)
    for word in words[1:]:
        if word and ((spec and _is_option(word, *spec)) or (tells and _tells(tells, word))):
            return f"{name} {word} can run a program or write a file"
    asks = _ASKS_ONLY | {"-v"} if bare in _ASKS_BY_V else _ASKS_ONLY
    if bare in INTERPRETERS and not asks.issuperset(words[1:] or ("-",)):
        few = _operands(bare, words) < (2 if bare == "sqlite" else 1)
        if few or "-" in words:
            return f"{name} would read a program from its input"
        if any(_is_elsewhere(word or "") for word in words[1:]):
            return f"{name} would run what was not written here"
    return ""


def _operands(interpreter: str, words: Words) -> int:
    """Count the words that may be a program's file: neither an option nor the value of one."""
    takes_value = OPERANDS.get(interpreter, ANY_OPTION)
    return sum(
        not (word or "-").startswith("-") and not takes_value.match(before or "")
        for before, word in pairwise(words)
    )


def _is_elsewhere(word: str) -> bool:
    """Say whether a word, or what is glued to an option, is a device or a program's own file."""
    path = re.sub(r"^(-\w|--[^=]*=)", "", word)
    return bool(_ELSEWHERE.match(os.path.normpath(path)))


def _module(name: str, words: Words) -> Words:
    """Return the command that ``python -m MODULE`` runs, where that is certain."""
    at = 1 if name in {"python", "pypy", "jython"} else len(words)
    while at < len(words):
        word = words[at] or ""
        found = re.fullmatch(r"-(?=.)[bBdEIOPqRsSuv]*(?:([mWX])(.*))?", word)
        if found is None:
            break
        letter, glued = found.groups()
        if letter == "m":
            command = (glued, *words[at + 1 :]) if glued else words[at + 1 :]
            return ((command[0] or "").partition(".")[0], *command[1:]) if command else ()
        at += 2 if letter and not glued else 1
    return ()


def _tells(words: re.Pattern[str], word: str) -> bool:
    # The patterns go back and forth, and a hostile word can be very long.
    return len(word) > _LONGEST or bool(words.match(word))


def _launched(name: str, words: Words) -> int:
    """Return where the name of a program that a launcher runs stands; 0 where it is none."""
    commands = LAUNCHERS.get(name)
    if commands is None:
        return 0
    operands = [at for at in range(1, len(words)) if not (words[at] or "").startswith("-")]
    # A glob becomes the command where a file is named like it.
    while commands and operands and not fnmatch.filter(commands, words[operands.pop(0)] or ""):
        pass
    return operands[0] if operands else 0


def cannot_see(words: Words) -> str:
    """Say why a command may run more than its words show, or answer ``""``."""
    head = words[0] if words else None
    if head is None:
        return "the shell computes the name of a command"
    name = name_of(head)
    tells = runs_another(words) or name in RUNNERS or {name, _unversioned(name)} & _OPAQUE
    if (tells or name in COMPUTING) and None in words:
        return f"the shell computes what {name} is told"
    if name in COMPUTING and any(name == "let" or _SUBSCRIPT.match(w or "") for w in words[1:]):
        return f"{name} computes"
    if name in SHELLS:
        inline = any(re.fullmatch(r"-[a-z]*c[a-z]*", word or "") for word in words)
        return "" if inline else f"{name} runs what it is given"
    if name in _BLIND:
        return f"{name} runs what it is given"
    if name in EVALUATORS - {"eval", "trap"} | TELLS_BY_SCRIPT | RUNNERS or _is_interpreter(name):
        return f"{name} runs what it is given"
    if name == "git":
        return _git(words)
    if "/" in head and not _SYSTEM_FOLDERS.fullmatch(head):
        return f"{head} may run anything"
    return ""


def stranger(words: Words, is_named: Callable[[Words], bool]) -> str:
    """Say which program of a command nothing is known of, or answer ``""``.

    Parameters
    ----------
    words : tuple of (str or None)
        The command; what it is told to run is looked at as well.
    is_named : callable
        Whether the user has named a command himself; it counts as known.
    """
    if not words or words[0] is None:
        return ""
    name = _unversioned(name_of(words[0]))
    if not (name in _KNOWN or name_of(words[0]) in _KNOWN or is_named(words)):
        return f"it is not known what {words[0]} runs"
    told: list[Words] = []
    if name in WRAPPERS | {"eval"}:
        told.append(words[1:])
    elif name in SHELLS:
        # A script of more than one word is looked at for itself.
        told += [(word,) for word in words[1:] if word and re.fullmatch(r"[\w./]\S*", word)]
    elif spec := OPTIONS.get(name_of(words[0])) or OPTIONS.get(name):
        words = _with_dash(words)
        for at, word in enumerate(words):
            if word and _is_option(word, *spec) and not _NAMES_FILE.match(word):
                value = word.partition("=")[2] if word.startswith("--") else word[2:]
                glued = not (word in spec[0] or not value)
                told.append(tuple(value.split()) if glued else words[at + 1 :])
    for rest in told:
        for at in _programs(name, rest):
            if found := stranger(rest[at:], is_named):
                return found
    return ""


def _programs(name: str, rest: Words) -> list[int]:
    """Return where the program that a command runs may stand: behind its options."""
    operands = [at for at, word in enumerate(rest) if word and not _NO_PROGRAM.fullmatch(word)]
    if not operands:
        return [0]
    option = (rest[operands[0] - 1] or "") if operands[0] else ""
    takes_value = option.startswith("-") and (
        name not in _HAND_OVER
        or option in _TAKE_VALUES
        or (option[1] != "-" and option[-1] in _VALUES.get(name, ""))
    )
    # The first operand may be the option's, or the file that flock locks.
    return operands[: 2 if takes_value or name == "flock" else 1]


def _subcommand(words: Words) -> str:
    return next((word for word in words[1:] if word and not word.startswith("-")), "")


def _with_dash(words: Words) -> Words:
    """Write the first letters of ``tar cf`` as the options that they are."""
    if name_of(words[0] or "") not in {"tar", "bsdtar", "gtar"} or len(words) < 2:
        return words
    letters = words[1] or ""
    return words if letters.startswith("-") else (words[0], f"-{letters}", *words[2:])


def git_subcommand(words: Words) -> str | None:
    """Return git's command, skipping its global options where that is certain."""
    for word in words[1:]:
        if word is None:
            return None
        if word not in GIT_HARMLESS:
            return None if word.startswith("-") else word
    return ""


def _git(words: Words) -> str:
    command = git_subcommand(words)
    if command is None:
        return "git is given options before its command"
    if command and command not in GIT_COMMANDS:
        return f"git {command} can run a program"
    if command in GIT_TOLD and None in words:
        return f"the shell computes what git {command} is told"
    letters = GIT_LETTERS.get(command, "")
    for word in words[1:]:
        if word and (re.search(r"(?<!\w)ext::", word) or _is_option(word, GIT_OPTIONS, letters)):
            return f"git {command} {word} can run a program or write a file"
    return ""


def _is_option(word: str, names: frozenset[str], letters: str) -> bool:
    """Recognise an option also when abbreviated, glued to its value or to other letters."""
    name = word.partition("=")[0]
    if name in names or (name[:1] not in "*?[" and fnmatch.filter(names, name)):
        return True
    if word.startswith("--"):
        return len(name) > 3 and any(option.startswith(name) for option in names)
    return word.startswith("-") and any(letter in word[1:] for letter in letters)


def _unversioned(name: str) -> str:
    return re.sub(r"-?[\d.]+$", "", name) or name


def _is_interpreter(name: str) -> bool:
    return _unversioned(name) in INTERPRETERS
