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


MODULES = (
    r"(?i:timeit|code|codeop|asyncio|pdb|bdb|i?python|idlelib|pty|trace|c?profile|profiling|runpy"
    r"|dis|cmd|doctest|_?pyrepl|pickle|mailcap|webbrowser|fire|ipdb|pudb|xonsh|debugpy|bpython"
    r"|ptpython)(\..*)?$"
)
"""Modules that python runs, and that run what they are told."""

INTERPRETERS = _set(
    "python pypy perl ruby node nodejs deno bun php lua luajit tclsh wish rscript julia ghci "
    "scala groovy jshell ipython raku guile racket sqlite r jython bpython ptpython jruby irb tsx "
    "ts-node gjs qjs ocaml swift kotlin clojure clj elixir iex erl sbcl clisp swipl"
)

OPERANDS: dict[str, re.Pattern[str]] = {
    **_each("perl lua sqlite ipython", r"(?!)"),
    **_each("python pypy jython", r"-\w*[WX]$ | --check-hash-based-pycs$"),
    **_each("ruby jruby irb", r"-\w*[CEFKTWx]$ | --(enable|disable|[\w-]*encoding)$"),
    **_each("php", r"-[ctzdH]$ | --(php-ini|docroot|zend-extension|define)$"),
    **_each("rscript", r"-\w+$"),
    **_each("node nodejs", r"-C$ | --(?!(watch|test|inspect(-brk)?|enable-source-maps|expose-gc"
                           r"|check|trace-(warnings|deprecation|uncaught)|no-[\w-]+)$)[^=]*$"),
    **_each("deno bun", r"-[^=]*$"),
}  # fmt: skip
"""Options of an interpreter behind which stands their value, and not the program."""
ANY_OPTION = re.compile(r"-[^=]*$", re.DOTALL)
"""The same of the others, of which that is not known."""

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
                "attach edit service stack sandbox init scout unshare kube machine runlabel "
                "--kubeconfig --kuberc --config --runtime --conmon --hooks-dir --host --ssh"
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
GIT_TOLD = _set("am archive clone fetch grep init ls-remote pull push rebase")
"""git's commands that can be told to run something."""
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
PNPM_COMMANDS = _set(
    "add audit bin build cache check ci clean config deploy dev doctor fetch fmt format help i "
    "import init install install-test it la licenses link lint list ln login ls outdated pack "
    "patch peers preview prune publish rb rebuild remove rm root run run-script start store t test "
    "typecheck un uninstall unlink up update upgrade version view why --version -v --help -h"
) | {""}
"""pnpm's own commands, and scripts named like no program; it runs any other word as a program."""

LAUNCHERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("npx", "bunx", "uvx", "pnpx"), _set("")),
    **dict.fromkeys(("poetry", "pipenv", "pipx", "pdm", "rye", "hatch", "uv"), _set("run")),
    **dict.fromkeys(("npm", "bundle", "composer", "dotnet", "tox", "gem", "rbenv"), _set("exec")),
    **dict.fromkeys(("pnpm", "yarn"), _set("exec dlx node")),
    "bun": _set("run"),
}
"""Programs that run what stands behind one of these words, or behind none where there is none."""

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

TELLS: dict[str, re.Pattern[str]] = {
    **_each(
        "gcc g++ cc c++ clang clang++ cpp gfortran ld ar nm ranlib rustc ghc",
        r"--?wrapper | --?specs | -B | --pre | -f?-?plugin | --plugin | -load | -Xclang | -Xlinker"
        r"| @ | -W[alp],.*(plugin|dynamic-linker|@) | -f.*plugin | -fuse-ld=.*/ | -C | -Z | -pgm"
        r"| -F$ | -e$ | -ccc | --(for|conf|code|gcc|inter|run|\w+-path|\w+-arch-tool)",
    ),
    **_each("sqlite", r"\s*\. | .*\n\s*\. | (?i:.*(load_extension|edit\s*\(|writefile|tokenizer))"
                      r"| --?(unsafe|deser|escape|heap|look|max|mmap|multi|newline|nonce|null"
                      r"|page|pcache|sep|sorter|vfs)"),
    **_each("python pypy jython coverage", rf"(-\w*m)?{MODULES}"),
    **_each("perl", r"-([^-].*)?[mMdDIES]"),
    **_each("ruby jruby irb node nodejs bun julia",
            r"-\w*[ILEJCS] | --(preload|lo|exp|init|run|shell|en[vt]|openssl|mach|sysi|bug)"
            r"| (x|exec|repl|create)$"),
    **_each("deno", r"(eval|repl|x|task)$ | --preload | --config | (data|blob|https?|npm|jsr):"),
    **_each("php", r"-\w*[dBEFzSa] | -f\W | --$ | --(proc|def|zend|ser|int|php)"),
    **_each("lua luajit", r"-\w*[dBEFlzS]"),
    **_each("raku", r"-\w*[MI]"),
    **_each("ipython", r"-\w*[mic] | kernel$ | --(?!((no-[\w-]+|quick|quiet|simple-prompt|version"
                       r"|help|matplotlib=\w+)?$))"),
    # Told what to run or not, these read more of it from their input.
    **_each("r jshell ghci iex erl sbcl swipl bpython ptpython", r"(?!--?(version|help)$)"),
    **_each("tsx ts-node gjs qjs ocaml swift kotlin clojure clj elixir clisp",
            DOUBTFUL.pattern + "| -[AMTX]"),
    **_each("pyinstrument memray scalene kernprof viztracer debugpy py-spy torchrun torch "
            "accelerate deepspeed dvc snakemake",
            DOUBTFUL.pattern + rf"| (-\w*m)?{MODULES} | --$ | --(no.python|clus)"
                               r"| (stage|record|top)$"),
    **_each("docker podman nerdctl kubectl conda mamba mise asdf nix", r"-H | \w+[*?\[]"),
    **_each("tar bsdtar gtar", r"[^/]*: | -[^=]*[*?\[]"),
    **_each("make gmake", r".*(^|=|f)-$ | .*/(dev|proc)/ | [^-][^=]*= | --e | -\w*E | \w+[*?\[]"),
    **_each("just", r"-c | --c | --sh | --set | -f | --just | \w+="),
    **_each("task rake fab", r"-[eErRpIfT] | --(ex|req|rake|libdir|task|pr) | --$ | \w+="),
    **_each("cmake", r"-[EPC] | --toolchain | -D.*(COMPILER|LAUNCH|PROGRAM|TOOL|INCLUDE|RULE)"),
    **_each("npm pnpm yarn",
            r"(x|exe?c?|explo\w*|edi?t?|c|conf?i?g?|set|ini?t?|inni?t?|cr\w*|pkg?|set-script|get?)$"
            r"| -c | --(cal|scr|she|nod|prefi|gi|ed|vie|br|userc|globalc|use-y|cwd|dir|con)"),
    **_each("cargo", r"--conf | -Z | \+ | -C"),
    **_each("go", r"--?(toolexec|exec|vettool|overlay) | .*-extld | (env|tool|generate)$"),
    **_each("npx bunx uvx pnpx", r"-[csp] | --(call|sh|node|py|with|from|script)"),
    **_each("uv", r"-[pms] | -$ | --py | --mod | --script | --gui | --config-file | (tool|x)$"),
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
    **_each("strings size test", r"--p"),
    **_each("fzf", r"--(pre|bind|with-shell|listen|exec|become|filter)"),
}  # fmt: skip
"""What a word begins with that has a program run another: seen where an allow pattern names it."""
