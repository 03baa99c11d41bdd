"""Which file a path means, which files hold secrets, and which paths a pattern names.

The real path decides: a link inside the folder that leads outside is outside. A pattern that
allows is compared with the real path alone; one that denies also with the path as it was asked.
What leads through ``/proc`` means another file to another process, and is outside of every folder.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import PurePath

_WHOSE_KEYS = (
    "access|anthropic|aws|azure|claude|cohere|deploy|firebase|gcloud|gcp|gcs|gemini|gh|github|gitlab"
    "|google|groq|hf|huggingface|mistral|openai|openrouter|root|s3|sa|secret|signing|slack|ssh"
    "|stripe|svc|wandb"
)
_TEXT = r"\.(json|txt|ya?ml|toml|ini|cfg)"
_SECRET_NAMES = re.compile(
    rf"""
    # What programs are given by the environment
    \.env.* | .*\.env | env\.(local|prod\w*|stag\w*) | \.dev\.vars | \.flaskenv | \.?renviron.*
    | local\.settings\.json

    # What is called a secret, a password, a token or a key
    | \.?secrets?(\..*)? | \.?secrets?[-_].* | .*[-_.]secrets?\.\w+ | .*[-_]secrets?
    | .*secrets?{_TEXT} | .*client[-_]?secret.*\.json
    | \.?credentials?.* | .*credentials?(\.\w+)? | (.*[-_.])?creds?({_TEXT}|\.py)? | .*creds{_TEXT}
    | passwd | (.*[-_.])?(passwords?|passwd|passphrases?)({_TEXT}|\.(csv|md|xlsx?|docx?|bak|old))
    | .*vault[-_]?pass(word)?({_TEXT})?
    | (?!(added|special)[-_]tokens)
      (.*[-_.])?(access|auth|api)?[-_]?(tokens?|api[-_]?keys?)({_TEXT})?
    | (.*[-_.])?(token\.(pickle|pkl)|api[-_]?keys?\.(py|csv)|(jwt|bearer)\.txt)
    | (.*[-_.])?({_WHOSE_KEYS})[-_]?keys?({_TEXT}|\.(csv|bak|old))?
    | (.*[-_.])?(github|gitlab|gh|azure)[-_]pat(\.\w+)?
    | .*private[-_]?key.* | (.*[-_.])?cookies?\.(txt|json|sqlite|db)

    # Keys, certificates, and what is encrypted
    | id_(rsa|dsa|ecdsa|ed25519)(_sk)?(?!.*\.pub$).* | .*[-_](rsa|dsa|ecdsa|ed25519)(_sk)?
    | .*\.(pem|key|p8|p12|pfx|pkcs12|jks|keystore|kdbx|ppk|gpg|asc|ovpn|kubeconfig|age)
    | .*\.(keytab|psafe3) | wallet\.dat | wg\d+\.conf

    # Accounts of programs and services
    | \.git-credentials | \.?git[-_]credentials.* | [._]netrc | \.authinfo.* | \.?htpasswd
    | \.(npmrc|yarnrc.*|pypirc|dockercfg|boto|s3cfg|databrickscfg|cdsapirc|sentryclirc)
    | \.(clasprc\.json|pgpass|my\.cnf|mylogin\.cnf|vault-token|terraformrc|comet\.config)
    | \.modal\.toml | pgpass\.conf | pip\.(conf|ini) | rclone\.conf | kaggle\.json | \.?auth\.json
    | (.*[-_.])?kubeconfig([-_.].*)? | (.*[-_.])?oauth2?([-_]\w+)?\.json | .*\.tf(state|vars).*
    | .*service[-_ ]?account.*\.json | .*[-_]sa\.json | .*firebase[-_]?adminsdk.*
    | application_default_credentials\.json | logins\.json | key4\.db

    # What Jupyter and shells keep
    | (kernel|jpserver|nbserver)-.*\.json | jupyter_\w*config\.json | \..*_history
    """,
    re.VERBOSE,
)
_SECRET_FOLDERS = {
    ".ssh", ".aws", ".gnupg", ".azure", ".kube", ".docker", ".copilot", ".password-store", ".oci",
    ".snowflake", ".dbt", ".fly", "gcloud", "keychains", "keyrings", "secrets", ".secrets",
}  # fmt: skip
_SECRET_PARTS = (
    (".config", "gh"), (".config", "github-copilot"), (".config", "glab-cli"), (".config", "hub"),
    (".config", "sops"), (".git", "config"), (".m2", "settings.xml"),
    (".gradle", "gradle.properties"),
)  # fmt: skip
_RUNS_LATER = (
    (".git",), (".husky",), (".github", "hooks"), (".github", "workflows"), (".vscode",),
    (".copilot",), (".ipython",), (".jupyter",), (".github", "lsp.json"), (".github", "mcp.json"),
    (".github", "copilot"), (".github", "extensions"), (".github", "skills"), (".github", "agents"),
    (".claude",), (".agents",), (".mcp.json",), (".envrc",), (".pre-commit-config.yaml",),
)  # fmt: skip
_NO_PATH = re.compile("[\0\ud800-\udfff]")
_MOST_ENTRIES = 50_000
_PROCESSES = "/proc"
_MOST_STEPS = 4_000


@dataclass(frozen=True)
class Target:
    """A path that was asked for, and the file it means.

    Parameters
    ----------
    asked : str
        The path as it was asked for, made absolute.
    real : str
        Where it leads when every link is followed.
    """

    asked: str
    real: str

    @classmethod
    def of(cls, path: str, cwd: str | os.PathLike[str]) -> Target:
        """Resolve a path, which need not exist, against the working folder."""
        whole = os.path.join(os.path.realpath(cwd), path)
        asked = os.path.normpath(whole)
        # realpath of the path as it stands: `link/..` is not where normpath would go.
        try:
            real = _through_processes(whole) or os.path.realpath(whole)
        except (OSError, ValueError):
            real = asked
        return cls(asked, real)

    @property
    def is_path(self) -> bool:
        """Whether a file can have this path: what else programs read in it cannot be told."""
        return not _NO_PATH.search(self.asked + self.real)

    def is_inside(self, folder: str | os.PathLike[str]) -> bool:
        """Say whether the file lies in a folder, by real paths."""
        return _is_below(self.real, os.path.realpath(folder))

    @property
    def depends_on_process(self) -> bool:
        """Whether another process may find another file there."""
        return _is_below(self.real, _PROCESSES)

    @cached_property
    def holds_secrets(self) -> bool:
        """Whether a name on the way says that the file holds secrets."""
        return _is_secret(self.real) or _is_secret(self.asked)

    def secret_in(self, folder: str | os.PathLike[str]) -> bool:
        """Say the same of its path from a folder on, which itself is known to be harmless."""
        return _is_secret(os.path.relpath(self.real, os.path.realpath(folder)))

    @cached_property
    def runs_later(self) -> bool:
        """Whether what is written there may be run later by another program."""
        parts = [part.casefold() for part in PurePath(self.real).parts]
        return any(_runs_through(parts, list(wanted)) for wanted in _RUNS_LATER)


def secrets_below(folder: str) -> Iterator[str]:
    """Find the files with secrets below a folder; a folder too large to search counts as one."""
    return _below(folder, _is_secret)


def denied_below(
    pattern: str, folder: str, cwd: str, *, by_command: bool = False, links: bool = False
) -> Iterator[str]:
    """Find what a denying pattern names below a folder; one too large to search counts as well.

    A search of the runtime's own leaves out ``.git``, and `links`; a command may not.
    """
    named = [
        part for part in PurePath(os.path.expanduser(pattern).casefold()).parts if part != "**"
    ]

    def is_meant(path: str) -> bool:
        # Names first: they are told without looking at the disk.
        alike = not named or _names_meet(named[-1], os.path.basename(path).casefold())
        alike = alike or (links and os.path.islink(path))
        return alike and is_denied(pattern, Target.of(path, cwd), cwd)

    return _below(folder, is_meant, links=links, git=by_command and ".git" in named)


def _below(
    folder: str, is_meant: Callable[[str], bool], *, links: bool = False, git: bool = False
) -> Iterator[str]:
    """Walk through a folder; yield a folder itself where its files cannot all be looked at."""
    seen = 0
    if _NO_PATH.search(folder):
        yield folder
        return
    for where, folders, files in os.walk(folder, followlinks=links):
        if ".git" in folders and not git:
            # Its settings would stop every search of every repository; a search skips it.
            folders.remove(".git")
        for name in (*folders, *files):
            seen += 1
            if is_meant(path := os.path.join(where, name)):
                yield path
        if seen > _MOST_ENTRIES:
            yield where
            return


def matches(pattern: str, real: str, cwd: str) -> str:
    """Say how an allowing pattern names a real path.

    Returns
    -------
    str
        ``"itself"``, ``"among others"`` (a folder it lies in, a glob, or the end of its path
        inside the working folder), or ``""``.
    """
    root = os.path.realpath(cwd)
    full = os.path.realpath(os.path.join(root, os.path.expanduser(pattern)))
    if full == real:
        return "itself"
    relative = not os.path.isabs(os.path.expanduser(pattern))
    if relative and not _is_below(real, root):
        return ""
    if _is_below(real, full) or _globs(full, real):
        return "among others"
    end = list(PurePath(os.path.normpath(pattern)).parts)
    parts = list(PurePath(os.path.relpath(real, root)).parts)
    return "among others" if relative and _same_parts(end, parts[-len(end) :]) else ""


def is_denied(pattern: str, target: Target, cwd: str) -> bool:
    """Say whether a denying pattern names a path, whichever way it is spelled."""
    expanded = os.path.expanduser(pattern)
    root = os.path.realpath(cwd)
    absolute = os.path.join(root, expanded)
    # What leads through /proc may still mean the denied file.
    for path in {target.asked.casefold(), target.real.casefold(), _followed(target).casefold()}:
        for full in (os.path.normpath(absolute).casefold(), os.path.realpath(absolute).casefold()):
            if _is_below(path, full) or _globs(full, path):
                return True
        end = [part.casefold() for part in PurePath(os.path.normpath(expanded)).parts]
        if not os.path.isabs(expanded) and _runs_through(list(PurePath(path).parts), end):
            return True
    return False


def globs_meet(pattern: str, glob: str, cwd: str) -> bool:
    """Say whether a glob may name what a denying pattern names, be it there yet or not."""
    expanded = os.path.expanduser(pattern).casefold()
    full = os.path.normpath(os.path.join(os.path.realpath(cwd).casefold(), expanded))
    glob = os.path.normpath(glob).casefold()
    # In some programs a star stands for folders too.
    if fnmatchcase(full, glob) or fnmatchcase(os.path.normpath(expanded), glob):
        return True
    parts = list(PurePath(glob).parts)
    if os.path.isabs(expanded):
        return _parts_meet(list(PurePath(full).parts), parts)
    wanted = list(PurePath(os.path.normpath(expanded)).parts)
    return any(_parts_meet(wanted, parts[start:]) for start in range(len(parts)))


def leads_to(pattern: str, folder: str) -> bool:
    """Say whether a folder has the name of one that a denying pattern goes through."""
    through = PurePath(os.path.expanduser(pattern).casefold()).parts[:-1]
    return any(_names_meet(part, os.path.basename(folder).casefold()) for part in through)


def _parts_meet(wanted: list[str], parts: list[str]) -> bool:
    """Say whether a path of the one kind may lie in the folder that the other means."""
    if "**" in wanted:
        before, after = wanted[: wanted.index("**")], wanted[wanted.index("**") + 1 :]
        wanted = before or [part for part in after if part != "**"]
    return len(parts) >= len(wanted) and all(map(_names_meet, wanted, parts))


def _names_meet(one: str, other: str) -> bool:
    """Say whether two globs may match one name: by what they begin and end with."""
    ends = [re.split(r"\[.*\]|[*?\[]", name, flags=re.DOTALL) for name in (one, other)]
    (first, last), (first2, last2) = [(parts[0], parts[-1]) for parts in ends]
    if len(ends[0]) == 1 and len(ends[1]) > 1:
        # A set may be negated or a class, which fnmatch reads otherwise: it is any letters.
        return fnmatchcase(one, re.sub(r"\[.*\]", "*", other, flags=re.DOTALL))
    if len(ends[1]) == 1:
        return fnmatchcase(other, one)
    starts_alike = first.startswith(first2) or first2.startswith(first)
    return starts_alike and (last.endswith(last2) or last2.endswith(last))


def _followed(target: Target) -> str:
    try:
        return os.path.realpath(target.asked)
    except (OSError, ValueError):
        return target.asked


def _through_processes(path: str) -> str:
    """Return how a path enters ``/proc``, following links; ``""`` where it does not."""
    rest, here = [part for part in reversed(path.split(os.sep)) if part], os.sep
    for _ in range(_MOST_STEPS):
        if here == _PROCESSES:
            return os.path.join(here, *reversed(rest))
        if not rest:
            return ""
        part = rest.pop()
        if part in (".", ".."):
            here = os.path.dirname(here) if part == ".." else here
            continue
        step = os.path.join(here, part)
        if os.path.islink(step):
            target = os.readlink(step)
            here = os.sep if os.path.isabs(target) else here
            rest += [part for part in reversed(target.split(os.sep)) if part]
        else:
            here = step
    return ""


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_secret(path: str) -> bool:
    parts = [part.casefold() for part in PurePath(path).parts]
    if any(part in _SECRET_FOLDERS for part in parts):
        return True
    if any(_runs_through(parts, list(wanted)) for wanted in _SECRET_PARTS):
        return True
    return bool(parts) and any(_SECRET_NAMES.fullmatch(part) for part in _last(parts))


def _last(parts: list[str]) -> Iterable[str]:
    """The name itself, and as Windows reads it, and any folder named like ``.env.d``."""
    on_windows = parts[-1].partition(":")[0].rstrip(". ")
    return (parts[-1], on_windows, *(part for part in parts[:-1] if part.startswith(".env")))


def _runs_through(parts: list[str], wanted: list[str]) -> bool:
    most = len(parts) - len(wanted) + 1
    return any(_same_parts(wanted, parts[start : start + len(wanted)]) for start in range(most))


def _same_parts(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) == len(parts) and all(map(fnmatchcase, parts, pattern))


def _globs(pattern: str, path: str) -> bool:
    """Match part by part; ``**`` stands for any number of folders."""
    if not re.search(r"[*?\[]", pattern):
        return False
    wanted, parts = PurePath(pattern).parts, PurePath(path).parts
    reached = {0}
    for part in wanted:
        if part == "**":
            reached = set(range(min(reached, default=len(parts) + 1), len(parts) + 1))
        else:
            reached = {i + 1 for i in reached if i < len(parts) and fnmatchcase(parts[i], part)}
    return len(parts) in reached
