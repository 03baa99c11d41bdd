"""How programs can be told to run others: the words that do it, program by program.

`OPTIONS` and what git and gh have of their own are words that a deny pattern looks behind. `TELLS`
is of programs that stay opaque to it: a word that begins like one of these keeps an allow pattern
from holding, and so does one like `DOUBTFUL` of a program that is on no list. Such tables are never
complete, so they rather name a harmless word too many: a question costs a click.
"""

from __future__ import annotations

import re


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


def _each(names: str, words: str) -> dict[str, re.Pattern[str]]:
    return dict.fromkeys(names.split(), re.compile(words, re.DOTALL | re.VERBOSE))


INTERPRETERS = _set(
    "python pypy perl ruby node nodejs deno bun php lua luajit tclsh wish rscript r julia ghci "
    "scala groovy jshell ipython raku guile racket sqlite"
)

OPTIONS: dict[str, tuple[frozenset[str], str]] = {
    "find": (_set("-exec -execdir -ok -okdir -delete -fprint -fprint0 -fprintf -fls"), ""),
    "fd": (_set("--exec --exec-batch"), "xX"),
    **dict.fromkeys(
        ("tar", "bsdtar", "gtar"),
        (
            _set(
                "--to-command --checkpoint-action --use-compress-program --info-script "
                "--new-volume-script --rsh-command --rmt-command"
            ),
            "IF",
        ),
    ),
    "sort": (_set("--compress-program --output"), "o"),
    "diff3": (_set("--diff-program"), ""),
    "install": (_set("--strip-program"), ""),
    "split": (_set("--filter"), ""),
    "rsync": (_set("--rsh --rsync-path --remote-option --config"), "eM"),
    "rg": (_set("--pre --hostname-bin"), ""),
    "zip": (_set("--unzip-command"), "T"),
    "curl": (_set("--output --remote-name --config --output-dir --engine"), "oOK"),
    "wget": (_set("--output-document --use-askpass --config --execute --output-file"), "Oe"),
    "man": (_set("--pager --html --preprocessor --config-file"), "PHC"),
    "gh": (_set("alias extension codespace cs config --"), ""),
    **dict.fromkeys(
        ("docker", "podman", "nerdctl", "kubectl", "conda", "mamba", "mise", "asdf", "nix"),
        (
            _set(
                "run exec create compose build buildx start cp plugin debug shell develop x "
                "attach edit service stack sandbox init scout --kubeconfig --kuberc --config"
            ),
            "",
        ),
    ),
    **dict.fromkeys(
        INTERPRETERS,
        (
            _set("--eval --print --require --import --command --execute --run --interactive"),
            "cerpRxi",
        ),
    ),
    "sqlite": (_set("-cmd --cmd -init --init -interactive --interactive -A"), ""),
}  # fmt: skip

GIT_HARMLESS = _set("--no-pager -P --version --help -h --no-optional-locks --literal-pathspecs")
GIT_OPTIONS = _set(
    "--exec --exec-path --upload-pack --receive-pack --open-files-in-pager --ext-diff --extcmd "
    "--output --template --config --config-env --smtp-server --sendmail-cmd --to-cmd --cc-cmd"
)
GIT_LETTERS = {"rebase": "x", "clone": "uc", "grep": "O", "ls-remote": "", "archive": "o"}
GIT_COMMANDS = _set(
    "add am apply archive blame branch bundle cat-file check-ignore checkout cherry cherry-pick "
    "clean clone commit count-objects describe diff diff-tree fetch for-each-ref format-patch "
    "fsck gc grep help init log ls-files ls-remote ls-tree merge merge-base mv name-rev notes "
    "prune pull push range-diff rebase reflog remote repack reset restore rev-list rev-parse "
    "revert rm shortlog show show-branch show-ref sparse-checkout stash status switch "
    "symbolic-ref tag update-index var verify-commit version whatchanged worktree write-tree"
)
"""git's own commands that run nothing they are told to; any other may be an alias."""

GH_COMMANDS = _set(
    "api attestation auth browse cache completion config gist gpg-key issue label org pr preview "
    "project release repo ruleset run search secret ssh-key status variable version workflow"
) | {""}
"""gh's own commands; any other may be an extension."""

LAUNCHERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("npx", "bunx", "uvx", "pnpx"), _set("")),
    **dict.fromkeys(("poetry", "pipenv", "pipx", "pdm", "rye", "hatch", "uv"), _set("run")),
    **dict.fromkeys(("npm", "bundle", "composer", "dotnet", "tox", "gem", "rbenv"), _set("exec")),
    **dict.fromkeys(("pnpm", "yarn"), _set("exec dlx node")),
}
"""Programs that run what stands behind one of these words, or behind none where there is none."""

TELLS: dict[str, re.Pattern[str]] = {
    **_each(
        "gcc g++ cc c++ clang clang++ cpp gfortran ld ar nm ranlib rustc ghc",
        r"--?wrapper | --?specs | -B | -f?-?plugin | --plugin | -load | -Xclang | -Xlinker | @"
        r"| -Wl,.*(plugin|dynamic-linker) | -f.*plugin | -C | -pgm | -F$ | -e$",
    ),
    **_each("sqlite", r"\s*\. | .*\n\s*\. | (?i:.*(load_extension|edit\s*\(|writefile|tokenizer))"
                      r"| --?(unsafe|deser|escape|heap|look|max|mmap|multi|newline|nonce|null"
                      r"|page|pcache|sep|sorter|vfs)"),
    **_each("python pypy", r"(-\w*m)?(timeit|code|codeop|asyncio|pdb|i?python|idlelib|pty"
                           r"|trace|c?profile|runpy|dis|cmd|doctest)(\..*)?$"),
    **_each("perl", r"-\w*[mMdDI]"),
    **_each("ruby node nodejs bun julia", r"-\w*[ILEJC] | --(preload|loader|exp|init|run|shell|env)"
                                          r"| (x|exec|repl)$"),
    **_each("deno", r"(eval|repl|x|task)$ | --preload | --config"),
    **_each("php lua luajit", r"-\w*[dBEFlzS]"),
    **_each("raku", r"-\w*[MI]"),
    **_each("make gmake", r".*(^|=|f)-$ | .*/(dev|proc)/ | [^-]\S*= | --e | -\w*E"),
    **_each("just", r"-c | --c | --sh | --set | -f | --just | \w+="),
    **_each("task rake fab", r"-[eErRpIfT] | --(ex|req|rake|libdir|task|pr) | --$ | \w+="),
    **_each("cmake", r"-[EPC] | --toolchain | -D.*(COMPILER|LAUNCH|PROGRAM|TOOL|INCLUDE|RULE)"),
    **_each("npm pnpm yarn", r"(x|explore|edit|config|c|set|init|create|innit|pkg|set-script|get)$"
                             r"| -c | --(call|script-shell|shell|node|prefix|git|editor|viewer"
                             r"|browser|userconfig|globalconfig|use-yarnrc|cwd|dir|config)"),
    **_each("cargo", r"--conf | -Z | \+ | -C"),
    **_each("go", r"--?(toolexec|exec|vettool|overlay) | .*-extld | (env|tool|generate)$"),
    **_each("npx bunx uvx pnpx", r"-[csp] | --(call|sh|node|py|with|from|script)"),
    **_each("uv", r"-p | --py | --config-file | (tool|x)$"),
    **_each("pip pipx poetry pipenv pdm rye hatch", r"--py | --global-o | --config-s | --editor"
                                                    r"| config$ | runpip$ | shell$ | self$"),
    **_each("tox nox", r"-x | --over | (e|exec|devenv)$ | -c | -f | --noxf"),
    **_each("pytest", r"--pdb | --trace$ | -c | -o | --over"),
    **_each("jupyter nbconvert papermill", r"--\w+\. | (run|(qt)?console)$ | --(con|br|post|pr)"),
    **_each("invoke ansible", r"-[aemMicr] | --(arg|mod|extra|inv|coll|search|pr)"),
    **_each("vagrant", r"(ssh|winrm|powershell|provision|plugin|push)$ | -c | --command"),
    **_each("pre-commit", r"try-repo$ | -c | --config"),
    **_each("gem bundle composer", r"(open|o|e|edit|config|plugin|global|console)$ | -e | --edit"),
    **_each("dotnet", r"(fsi|tool|new)$"),
    **_each("java", r"-javaagent | -agent | -XX: | -X(run|boot) | -J | @"),
    **_each("mvn ant gradle", r".*exec | [^-].*:.*: | -I | --init | -lib | -(logg|listen)er | -f"),
    **_each("bazel", r"--run_under | --bazelrc | --.*(shell|compiler|helper|strategy|crosstool)"),
    **_each("ninja", r"-t | -f"),
    **_each("hg svn", r"--con | --cwd | -R | -t | -e | --(tool|ssh|remotecmd|diff|editor|merge)"
                      r"|(extdiff|bisect|view|serve|fold|histedit|debug\w*)$"),
    **_each("apt apt-get apt-cache aptitude yum dnf",
            r"-\w*[oc] | --(op|con|setopt|installroot|plug)"),
    **_each("dpkg rpm pacman brew", r"-[DE] | --(pre|post|ad|root|inst|eval|def|pipe|load|macros|rc"
                                    r"|hook|config|gpgdir) | (sh|ruby|irb|edit|--)$"),
    **_each("pandoc latexmk", r"-\w*[FLdter] | --(filter|lua|pdf|def|ext|to|from|read|wri)"
                              r"| -.*(latex|dvi|ps)\w*= | -pvc"),
    **_each("ssh-keygen ssh-add openssl", r"-[DPwsS] | (engine|prov\w*)$ | --?(engine|prov|conf)"),
    **_each("strings size", r"--p"),
    **_each("fzf", r"--(pre|bind|with-shell|listen|exec|become|filter)"),
}  # fmt: skip
"""What a word begins with that has a program run another: seen where an allow pattern names it."""

DOUBTFUL = re.compile(
    r"""
    [!|+@]                                       # !COMMAND, |COMMAND, +COMMAND, @FILE
    | -\w?[ceoxCEX]$ | -[ceoxX]                  # -c COMMAND, -e CODE, -o KEY=VALUE, -x PROGRAM
    | .*([;|&`\n]|\$[({])                        # a script
    | (?!--dry-)-{1,2}([\w.-]*[-.])?             # --some-pager, --git.paging.pager, -wrapper
      (\w*exec\w* | eval | e?sh | shell\w* | comm?an?d\w* | cmd\w* | conf\w* | program\w* | pager\w*
      | editor | browser | \w*preview\w* | bind | hooks?\w* | \w*filter\w* | plugins?\w* | wrapper
      | launch\w* | scripts? | run\w* | invoke | interp\w* | interactive | \w*rsh | engine | loader?
      | require | init\w* | preload | \w*agent\w* | pre | post | on | proxy\w* | \w*askpass | helper
      | viewer | open\w* | tool\w* | linker | compiler | set | opt\w* | def\w* | with)(?![a-z])
    | (exec|eval|shell|ssh|sh|repl|console)$
    """,
    re.DOTALL | re.VERBOSE,
)
"""What a word begins with that may have any program run another."""
