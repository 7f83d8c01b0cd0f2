#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-top.sh MEMSTALLCTL FAKE TEST-SCREEN: memstallctl top as it is typed and on a terminal, with a daemon that FAKE plays,
# and whether what it prints for programs is what they read.
set -euo pipefail

readonly CTL=$1 FAKE=$2 SCREEN=$3
dir=$(mktemp -d)
fake=
trap '[ -z "$fake" ] || kill "$fake"; rm -rf "$dir"' EXIT
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus

fail() {
    echo "$*" >&2
    exit 1
}

expect() { # STATUS WORDS... : runs memstallctl top, output in $dir/out
    local status=$1 got=0
    shift
    "$CTL" top "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    [ "$got" = "$status" ] || fail "top $*: exit status $got, not $status: $(cat "$dir/out" "$dir/err")"
}

says() { # FILE REGEX
    grep -Eq -- "$2" "$dir/$1" || fail "nothing like \"$2\" in: $(cat "$dir/$1")"
}

expect 0 --help
expect 2 --interval=soon
expect 2 --interval=1ms
expect 2 -n 0
expect 2 -n x
expect 2 something
expect 2 --nonsense
expect 1 --once
says err '^memstallctl: no system bus'

TOP_JSON=$dir/json "$SCREEN" >/dev/null 2>&1
python3 -m json.tool "$dir/json" >/dev/null

start() { # MODE
    [ -z "$fake" ] || { kill "$fake"; wait "$fake" || :; }
    rm -f "$dir/bus"
    "$FAKE" "$dir/bus" "$1" &
    fake=$!
    for _ in $(seq 100); do [ ! -S "$dir/bus" ] || return 0; sleep 0.1; done
    fail "no fake daemon"
}

start denied
expect 1 --once
says err '^memstallctl: only root may see'
start blind
expect 1 --once
says err '^memstallctl: memstalld does not see who stalls: built without BPF'

start answers
expect 0 --once --interval=500ms
says out '^hog\.service  '
says out '^  perl\[42\]'
says out '^    memcg-max '
expect 0 --interval=300ms -n 2
[ "$(grep -c '^hog\.service' "$dir/out")" = 2 ] || fail "not two samples: $(cat "$dir/out")"
expect 0 --folded --once --interval=300ms
says out '^hog\.service;perl;memcg-max;outer;inner [0-9]+$'
expect 0 --json --interval=300ms -n 1
python3 - "$dir/out" <<'END'
import json, sys
top = json.load(open(sys.argv[1]))
unit = top["units"][0]
stack = unit["processes"][0]["classes"][0]["stacks"][0]
if unit["unit"] != "hog.service" or unit["stall_usec"] <= 0 or stack["functions"] != ["inner", "outer"]:
    sys.exit(f"{top}")
END

python3 - "$CTL" <<'END'
import fcntl, os, pty, select, signal, struct, sys, termios, time

class Terminal:
    def __init__(self, term="xterm"):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM=term, LC_ALL="C.UTF-8", NO_COLOR="1")
            os.execv(sys.argv[1], [sys.argv[1], "top", "--interval=300ms"])
        self.text = ""
        self.resize(80, 24)

    def resize(self, columns, lines):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def cooked(self):
        flags = termios.tcgetattr(self.fd)[3]
        return flags & termios.ICANON and flags & termios.ECHO

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            part = os.read(self.fd, 65536)
        except OSError:
            return None
        self.text += part.decode(errors="replace")
        return bool(part) or None

    def wait_for(self, what):
        """Until that is on what was drawn since the last time."""
        until = time.monotonic() + 20
        while what not in self.text:
            if time.monotonic() > until or self.read(1) is None:
                sys.exit(f"waited in vain for {what!r} in {self.text!r}")
        self.text = self.text[self.text.index(what) + len(what):]

    def type(self, keys):
        self.text = ""
        os.write(self.fd, keys)

    def ends(self):
        """The exit status, once all of the output was read and the terminal is as it was."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            self.read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                if "\033[?1049l" not in self.text or not self.cooked():
                    sys.exit(f"the terminal is not put back: {self.text!r}")
                return status
        sys.exit("it does not end")

t = Terminal()
t.wait_for("\033[?1049h")
t.wait_for("+ hog.service")
if t.cooked():
    sys.exit("keys come by lines")
t.type(b"\033[C")
t.wait_for("  + perl[42]")
t.type(b"j\r")
t.wait_for("    + memcg-max")
t.type(b"f")
t.wait_for(">+ hog.service")
t.type(b"?")
t.wait_for("this text")
t.type(b" s")
t.wait_for("by cause")
t.type(b"p")
t.wait_for("paused")
t.type(b"p")
t.resize(120, 30)
t.wait_for("LAST SAMPLES")
t.type(b"q")
if t.ends() != 0:
    sys.exit("q is a failure")

for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    t = Terminal()
    t.wait_for("+ hog.service")
    t.text = ""
    os.kill(t.pid, number)
    status = t.ends()
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != number:
        sys.exit(f"{number}: status {status}")

t = Terminal()
t.wait_for("+ hog.service")
t.text = ""
# Nobody could wake up what stops here, so the kernel does not stop it: the way there and back is the same.
os.kill(t.pid, signal.SIGTSTP)
t.wait_for("\033[?1049l")
t.wait_for("\033[?1049h")
t.wait_for("+ hog.service")
t.type(b"q")
if t.ends() != 0:
    sys.exit("q after a stop is a failure")

# Nothing is drawn on a terminal that cannot be drawn on.
t = Terminal("dumb")
t.wait_for("hog.service")
t.wait_for("hog.service")
if "\033" in t.text:
    sys.exit(f"{t.text!r}")
os.kill(t.pid, signal.SIGINT)
END
