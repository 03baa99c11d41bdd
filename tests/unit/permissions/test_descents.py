"""Folders that a command uses whole, with a denied file in them that it does not name."""

from __future__ import annotations

from pathlib import Path

import pytest
from unit.permissions.asks import shell, verdict

from copilot_magics.permissions import paths

INTO_THE_FOLDER = [
    "grep -r K .", "grep -r K", "grep -rE K", "grep -rn -A 3 K", "grep --recursive K",
    "grep -R -e a -e K", "grep -d recurse K .", "rg K", "rg --hidden K", "rg -g '*' K", "ag K",
    "tar cf - .", "tar c ./", "tar cf - -C . .", "zip -r - .", "cp -r . /x", "cp -a ./. /x",
    "cp -rt /x .", "cp . /x -R", "rsync -a . x", "scp -r . h:", "mv . ../x", "ln -s . y",
    "diff -r . src", "gzip -r .", "find . -type f -exec cat {} +", "find -type f -exec cat {} +",
    "find . -not -name '*.py' -exec cat {} +", "find . -name a -o -type f -exec cat {} +",
    "find . -name a -exec cp -r . /x ;", "find . -name '*.py' | xargs cp -r . x",
    "find . -name '*.py'; ls -a | xargs cat", "ls -a | xargs cat", "find . | cpio -o",
    "tar cf - -T list", "tar cfT - list", "sort --files0-from=list", "rsync --files-from=list . x",
    "git grep --untracked K", "git diff --no-index . src", "git -C . grep --no-index K",
    "sudo grep -r K", "timeout -s KILL 5 rg K", "bash -c 'grep -r K'", "env A=b cp -r . x",
    "uv run cp -r . x", "npx cp -r . x", "python3 -m zipfile -c x.zip .", "python x.py .",
    "mytool --dir=.", "docker run -v .:/x y", "eval 'grep -r K .'", "cat <(grep -r K)",
    "f() { grep -r K; }; f", "for i in 1; do grep -r K; done", "grep -r K > out",
    "cd src && grep -r K ..", "cd src; cd ..; grep -r K .", "(cd src); grep -r K .",
    "cd src | grep -r K .", "cd src & grep -r K .", "cd nowhere; grep -r K .",
    "sudo " * 60 + "grep -r K", "rgrep K", "cp -r /proc/self/cwd /x", "cp -r ./src/.. /x",
]  # fmt: skip
INTO_ANOTHER = [
    "grep -r S sub", "cp -r sub /x", "tar cf - sub", "tar cf - -C sub .", "tar cf - -Csub .",
    "env -C sub cp -r . x", "cd sub; cp -r . x", "cd sub && rg S", "cp -r s* /x", "cp -r * /x",
    "mv sub x", "rsync -a sub/ x", "python a.py --data sub", "ls sub | xargs -I{} cat sub/{}",
    "cd sub && ls | xargs cat", "find . -name 'in*' | xargs cat",
    "find . -name sub -exec cp -r {} x ;", "cp -rL links /x", "grep -R S links", "tar chf - links",
]  # fmt: skip
ELSEWHERE = [
    "ls -laR .", "tree .", "du -sh .", "cd src && ls", "cd src && rg foo", "cd src && rg foo .",
    "grep -n foo a.txt", "grep -rn foo src", "grep -r -A 3 foo src", "grep -rn foo src a.txt",
    "rg -n foo src -g '*.py'", "rg --files", "find . -name '*.py'", "find . -name 'x' -delete",
    "find . -name '*.py' -exec wc -l {} +", "find . -name '*.py' | xargs wc -l",
    "find . -name '*.py' | sort | xargs grep foo", "git ls-files '*.py' | xargs grep foo",
    "git status", "git diff", "git log -p -3", "git show --stat", "git grep foo",
    "git add . && git commit -m x", "git -C . log", "pytest -q .", "python -m pytest .",
    "ruff check .", "pip install -e .", "uv run pytest .", "timeout 60 make -C .", "sudo ls .",
    "bash -c 'ls .'", "cp a.txt .", "mv src/b.py .", "cp -r src .", "mv src lib", "rm -rf src",
    "tar czf a.tgz src", "tar xzf a.tgz", "python x.py --data src", "awk -F/ '{print $1}' f",
    "sort -t. f", "grep -r K links", "zip -r a.zip src --exclude=sub",
]  # fmt: skip


@pytest.fixture
def tree(folder: Path) -> Path:
    """A folder of a repository that has two denied files, neither known to git."""
    for name in (".env", "sub/inner", "src/b.py", "links/c"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("K=S")
    (folder / "links" / "to").symlink_to("../sub")
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("url = x")
    (folder / ".git" / "index").write_bytes(b"DIRC\0\0\0\2...src/b.py\0.env.example\0")
    return folder


@pytest.mark.parametrize(
    ("deny", "texts"), [("read(.env)", INTO_THE_FOLDER), ("read(sub/inner)", INTO_ANOTHER)]
)
def test_a_file_in_a_folder_that_is_used_whole_is_asked(
    deny: str, texts: list[str], tree: Path
) -> None:
    verdicts = {t: verdict(shell(t, tree), "allow-all", deny=[deny], cwd=tree) for t in texts}
    assert verdicts == dict.fromkeys(texts, "ask")


def test_names_alone_and_other_folders_are_not(tree: Path) -> None:
    deny = ["read(.env)", "read(sub/inner)"]
    verdicts = {t: verdict(shell(t, tree), "allow-all", deny=deny, cwd=tree) for t in ELSEWHERE}
    assert verdicts == dict.fromkeys(ELSEWHERE, "allow")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rm -r .", "ask"), ("cp -r /x/. .", "ask"), ("rsync -a /x/ .", "ask"),
        ("find . -delete", "ask"), ("ls | xargs rm", "ask"), ("mv src/b.py .", "allow"),
        ("grep -r K .", "allow"), ("rg K", "allow"), ("rm -r src", "allow"),
    ],
)  # fmt: skip
def test_what_is_not_to_be_written(text: str, wanted: str, tree: Path) -> None:
    assert verdict(shell(text, tree), "allow-all", deny=["write(.env)"], cwd=tree) == wanted


@pytest.mark.parametrize(
    "command",
    [
        "git grep K",
        "git diff",
        "git log -1 -p",
        "git log --cc",
        "git archive HEAD",
        "git status -vv",
    ],
)
def test_git_tells_what_it_tracks(command: str, tree: Path) -> None:
    git = shell(command, tree)
    assert verdict(git, "allow-all", deny=["read(.env)"], cwd=tree) == "allow"
    for index in (b"DIRC\0\0\0\2...src/b.py\0.env\0", b"DIRC\0\0\0\4...nv\0"):
        (tree / ".git" / "index").write_bytes(index)
        assert verdict(git, "allow-all", deny=["read(.env)"], cwd=tree) == "ask"
    (tree / ".git" / "index").unlink()
    assert verdict(git, "allow-all", deny=["read(.env)"], cwd=tree) == "allow"
    # Of a worktree it cannot be told.
    (tree / "src" / ".git").write_text("gitdir: x")
    (tree / "src" / ".env").write_text("K")
    assert verdict(git, "allow-all", deny=["read(.env)"], cwd=tree) == "ask"


def test_git_s_own_files_are_in_the_folder_too(tree: Path) -> None:
    for text, wanted in (("grep -r url .", "ask"), ("cp -r src x", "allow")):
        deny = ["read(.git/config)"]
        assert verdict(shell(text, tree), "allow-all", deny=deny, cwd=tree) == wanted


def test_a_folder_too_large_to_look_through_is_asked(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny = ["read(nowhere)"]
    assert verdict(shell("rg K", tree), "allow-all", deny=deny, cwd=tree) == "allow"
    monkeypatch.setattr(paths, "_MOST_ENTRIES", 3)
    for text in ("rg K", "git diff", "find . -name '*.py' -exec cat {} +"):
        assert verdict(shell(text, tree), "allow-all", deny=deny, cwd=tree) == "ask"


@pytest.mark.timeout(20)
def test_a_long_line_takes_no_longer(tree: Path) -> None:
    for text in ("sudo " * 3_000, "sudo -u ls " * 1_500, "find . " + "-exec a ; " * 1_000):
        verdict(shell(text, tree), "allow-all", deny=["read(.env)"], cwd=tree)
