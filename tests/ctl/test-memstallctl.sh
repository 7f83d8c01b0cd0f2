#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later

# memstallctl as people and scripts meet it: arguments, output, exit status.
# Usage: test-memstallctl.sh MEMSTALLCTL

set -u

ctl=$(realpath "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
failed=0

# expect STATUS ARGUMENTS...: runs memstallctl; what it says is in out and err.
expect() {
        expected=$1
        shift
        "$ctl" "$@" >out 2>err
        status=$?
        if [ "$status" -ne "$expected" ]; then
                echo "memstallctl $*: status $status instead of $expected"
                cat out err
                failed=1
        fi
}

# says FILE TEXT: the whole of out or err.
says() {
        if [ "$(cat "$1")" != "$2" ]; then
                printf '%s instead of\n%s\nbut\n%s\n' "$1" "$2" "$(cat "$1")"
                failed=1
        fi
}

# holds FILE TEXT: some line of out or err.
holds() {
        if ! grep -qxF -e "$2" "$1"; then
                printf '%s lacks: %s\n' "$1" "$2"
                cat "$1"
                failed=1
        fi
}

good='[Match]
Slice=batch.slice
[Step]
Pressure=some 10% 2s
Action=log'

# ---- The program -----------------------------------------------------------------------------

expect 0 --help
holds out '  check       [FILE...]     Verify settings and policies without a daemon'
expect 0 --version
grep -qE '^memstallctl [0-9]+\.[0-9]+' out || { cat out; failed=1; }
expect 2
says out ''
says err 'memstallctl: a verb is missing, see memstallctl --help'
expect 2 checks
says err 'memstallctl: unknown verb "checks", see memstallctl --help'
expect 2 --nonsense
says out ''

expect 0 check --help
grep -q '^memstallctl check ' out || { cat out; failed=1; }
expect 2 check --nonsense
expect 2 check --host=maybe
says err 'memstallctl check: --host=maybe is no boolean, write yes or no'
expect 2 check --host=yes --root=/
says err 'memstallctl check: --root= and --host=yes exclude each other'
expect 2 check --root=/ file
says err 'memstallctl check: --root= and FILE exclude each other'

# ---- Files -----------------------------------------------------------------------------------

printf '%s\n' "$good" >good.conf
expect 0 check --host=no good.conf
says out 'No mistakes: 1 policy, 0 files of settings.'
says err ''

printf '[Daemon]\nDryRun=yes\n' >memstalld.conf
expect 0 check --host=no memstalld.conf good.conf good.conf
says out 'No mistakes: 2 policies, 1 file of settings.'

# Every mistake of every file in one go, and nothing else.
printf '[Match]\nSlice=batch.slice\n[Step]\nPresure=some 10%% 2s\nFor=4 fortnights\n' >bad.conf
printf '[Daemon]\nDryRum=yes\n' >memstalld.conf
mkdir folder.conf
expect 1 check --host=no bad.conf good.conf memstalld.conf folder.conf gone.conf
says out 'bad.conf:3: [Step] has no Action=, write log, protect, throttle, reclaim, freeze, kill, stop, restart or start
bad.conf:4: Presure=: unknown key in [Step], did you mean Pressure=?
bad.conf:5: For=: "4 fortnights" is no duration, write for example 2s or 1min 30s
memstalld.conf:2: DryRum=: unknown key in [Daemon], did you mean DryRun=?
folder.conf:1: is a directory, put a text file in its place
gone.conf:1: cannot be read: No such file or directory
6 mistakes in 4 files.'
says err ''

head -c 1000000 /dev/zero | tr '\0' x >long.conf
expect 1 check --host=no long.conf
holds out 'long.conf:1: the line is longer than 198 bytes, assign to the key again to add to a list'
printf '\177ELF\001\002\003\000\000' >binary.conf
expect 1 check --host=no binary.conf
says out 'binary.conf:1: holds bytes that are no text, write the file in UTF-8 without control characters
1 mistake in 1 file.'

: >empty.conf
expect 0 check --host=no empty.conf
says out 'empty.conf:1: hint: the file is empty, so files of this name are switched off
No mistakes: 0 policies, 0 files of settings.'

# What a host says is its own affair; that it is asked is not.
expect 0 check good.conf
expect 0 check --host=yes good.conf

# For programs: the same in one list.
expect 1 check --host=no --json bad.conf good.conf empty.conf
cp out json
python3 - json <<'END' || failed=1
import json, sys
items = json.load(open(sys.argv[1]))
want = [
    ("bad.conf", 3, None, "error", "[Step] has no Action=, "),
    ("bad.conf", 4, "Presure", "error", "unknown key in [Step], did you mean Pressure=?"),
    ("bad.conf", 5, "For", "error", '"4 fortnights" is no duration, write for example 2s or 1min 30s'),
    ("empty.conf", 1, None, "hint", "the file is empty, so files of this name are switched off"),
]
if len(items) != len(want):
    sys.exit(f"{len(items)} items instead of {len(want)}: {items}")
for item, (file, line, key, severity, text) in zip(items, want):
    if (list(item) != ["file", "line", "key", "severity", "text"] or item["file"] != file or item["line"] != line or
            item["key"] != key or item["severity"] != severity or not item["text"].startswith(text)):
        sys.exit(f"{item} instead of {(file, line, key, severity, text)}")
END
expect 0 check --host=no --json good.conf
says out '[]'

# A verdict that nobody could read is none.
if [ -c /dev/full ] && "$ctl" check --host=no good.conf >/dev/full 2>err; then
        echo "an unwritten verdict has status 0"
        failed=1
fi

# ---- The search path -------------------------------------------------------------------------

expect 0 check --root="$dir/root"
says out 'No mistakes: 0 policies, 0 files of settings.'

mkdir -p root/etc/memstalld/policy.d root/usr/lib/memstalld/policy.d root/run/memstalld/memstalld.conf.d
printf '%s\n' "$good" >root/etc/memstalld/policy.d/10-a.conf
printf 'hidden\n' >root/usr/lib/memstalld/policy.d/10-a.conf
printf 'masked\n' >root/usr/lib/memstalld/policy.d/20-b.conf
ln -s /dev/null root/etc/memstalld/policy.d/20-b.conf
printf '[Daemon]\nCulprits=no\n' >root/run/memstalld/memstalld.conf.d/x.conf
expect 0 check --root="$dir/root"
says out 'No mistakes: 1 policy, 1 file of settings.'

rm root/etc/memstalld/policy.d/20-b.conf
expect 1 check --root="$dir/root"
holds out "$dir/root/usr/lib/memstalld/policy.d/20-b.conf:1: the line is no assignment, write Key=value"

# ---- Warnings --------------------------------------------------------------------------------

printf '%s\nCooldown=1min\n[Policy]\nExpires=2020-01-01\n' "$good" >over.conf
expect 0 check --host=no over.conf good.conf
grep -q '^over\.conf:8: warning: Expires=: ' out || { cat out; failed=1; }
holds out 'No mistakes: 2 policies, 0 files of settings. 1 warning.'
expect 1 check --host=no --strict over.conf
expect 0 check --host=no --strict good.conf
expect 1 check --host=no over.conf bad.conf
holds out '3 mistakes in 1 file. 1 warning.'
expect 0 check --host=no --json over.conf
grep -q '"key":"Expires","severity":"warning"' out || { cat out; failed=1; }

# Of the set that is read, what never gets its turn.
mkdir -p twice/etc/memstalld/policy.d
printf '%s\n' "$good" >twice/etc/memstalld/policy.d/10-a.conf
printf '%s\n' "$good" >twice/etc/memstalld/policy.d/20-b.conf
expect 1 check --root="$dir/twice" --strict
holds out "$dir/twice/etc/memstalld/policy.d/20-b.conf:2: warning: Slice=: what matches \"batch.slice\" is watched by 10-a, which comes first"

# ---- What is in effect -----------------------------------------------------------------------

expect 0 show-config --help
grep -q '^memstallctl show-config ' out || { cat out; failed=1; }
expect 2 show-config --nonsense

expect 0 show-config --root="$dir/none"
holds out 'DryRun=no'
holds out '# There is no policy: only units that say ManagedOOM...=kill themselves are watched.'

# From root: 10-a.conf in effect, another behind it; 20-b.conf with a mistake; a drop-in.
printf '%s\n[Policy]\nEnabled=no\n' "$good" >root/etc/memstalld/policy.d/30-c.conf
printf '[Match]\nSlice=batch.slice other.slice\nUnit=a.service\n[Step]\nUsage=1G\nAction=log\n' \
        >root/run/memstalld/policy.d.conf
mkdir root/run/memstalld/policy.d
mv root/run/memstalld/policy.d.conf root/run/memstalld/policy.d/40-d.conf
ln -s /dev/null root/run/memstalld/policy.d/50-e.conf
printf 'masked\n' >root/usr/lib/memstalld/policy.d/50-e.conf
cp over.conf root/run/memstalld/policy.d/60-f.conf
expect 0 show-config --root="$dir/root"
holds out "# $dir/root/run/memstalld/memstalld.conf.d/x.conf"
holds out "# from $dir/root/run/memstalld/memstalld.conf.d/x.conf:2"
holds out 'Culprits=no'
holds out 'CulpritStacks=yes'
holds out "# $dir/root/etc/memstalld/policy.d/10-a.conf"
holds out "# in place of $dir/root/usr/lib/memstalld/policy.d/10-a.conf"
holds out 'Pressure=some 10% 2s'
holds out 'Settle=2s'
holds out "# $dir/root/usr/lib/memstalld/policy.d/20-b.conf (left out, it has mistakes)"
holds out '#   line 1: the line is no assignment, write Key=value'
holds out "# $dir/root/etc/memstalld/policy.d/30-c.conf (disabled, watches nothing)"
holds out "# $dir/root/run/memstalld/policy.d/50-e.conf (empty: files of this name are switched off)"
holds out "# in place of $dir/root/usr/lib/memstalld/policy.d/50-e.conf"
holds out "# $dir/root/run/memstalld/policy.d/60-f.conf (expired, watches nothing)"

# What is printed of a policy is that policy.
sed -n '/policy\.d\/40-d\.conf/,/^# .*50-e/p' out >printed.conf
expect 0 check --host=no --strict printed.conf

expect 0 show-config --root="$dir/root" --json
cp out json
python3 - json <<'END' || failed=1
import json, sys
shown = json.load(open(sys.argv[1]))
if list(shown) != ["settings", "settings_files", "policy_files"]:
    sys.exit(f"keys {list(shown)}")
culprits = [s for s in shown["settings"] if s["key"] == "Culprits"]
if len(culprits) != 1 or culprits[0]["value"] != "no" or culprits[0]["from"][0]["line"] != 2:
    sys.exit(f"Culprits: {culprits}")
states = [(f["file"].rpartition("/")[2], f["state"], len(f["in_place_of"]), len(f["errors"]) > 0)
          for f in shown["policy_files"]]
want = [("10-a.conf", "in-effect", 1, False), ("20-b.conf", "left-out", 0, True), ("30-c.conf", "disabled", 0, False),
        ("40-d.conf", "in-effect", 0, False), ("50-e.conf", "masked", 1, False), ("60-f.conf", "expired", 0, False)]
if states != want:
    sys.exit(f"{states} instead of {want}")
sections = shown["policy_files"][3]["sections"]
if [s["section"] for s in sections] != ["Policy", "Match", "Victim", "Step"]:
    sys.exit(f"{sections}")
if {"key": "Usage", "value": "1G"} not in sections[3]["keys"]:
    sys.exit(f"{sections[3]}")
END

# The first match wins, and the others are told.
expect 0 show-config --root="$dir/root" batch.slice
says out "batch.slice: 10-a watches it: $dir/root/etc/memstalld/policy.d/10-a.conf
  30-c matches as well, but is disabled: $dir/root/etc/memstalld/policy.d/30-c.conf
  40-d matches as well, but comes later: $dir/root/run/memstalld/policy.d/40-d.conf
  60-f matches as well, but is expired: $dir/root/run/memstalld/policy.d/60-f.conf"
expect 0 show-config --root="$dir/root" a other.slice
says out "a.service: 40-d watches it: $dir/root/run/memstalld/policy.d/40-d.conf
other.slice: 40-d watches it: $dir/root/run/memstalld/policy.d/40-d.conf"
expect 1 show-config --root="$dir/root" sshd.service
holds out '  nobody acts on it: it is protected'
expect 1 show-config --root="$dir/root" a.service b.scope / /docker/x
holds out 'b.scope: no policy watches it'
holds out '-.slice: no policy watches it'
holds out '/docker/x: no policy watches it'
expect 0 show-config --root="$dir/root" --json batch.slice
cp out json
python3 - json <<'END' || failed=1
import json, sys
(unit,) = json.load(open(sys.argv[1]))
others = [(o["policy"], o["state"]) for o in unit["others"]]
if (unit["unit"], unit["policy"], unit["protected"], others) != (
        "batch.slice", "10-a", False, [("30-c", "disabled"), ("40-d", "in-effect"), ("60-f", "expired")]):
    sys.exit(f"{unit}")
END

# ---- Pager and colours -----------------------------------------------------------------------

python3 - "$ctl" "$dir/root" <<'END' || failed=1
import os, pty, sys

def run(environment, *options):
    """What a terminal shows, and the exit status."""
    pid, fd = pty.fork()
    if pid == 0:
        env = {"PATH": os.environ["PATH"], "TERM": "xterm", "SYSTEMD_PAGERSECURE": "0", **environment}
        os.execve(sys.argv[1], [sys.argv[1], "show-config", "--root=" + sys.argv[2], *options], env)
    text = b""
    while True:
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    return text.decode().replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

MARK = "sed s/^/paged:/"
failed = 0

def check(what, good):
    global failed
    if not good:
        print(f"pager: {what}")
        failed = 1

text, status = run({"SYSTEMD_PAGER": MARK, "PAGER": "false"})
check("not used", status == 0 and all(line.startswith("paged:") for line in text.splitlines()) and "DryRun=no" in text)
check("no colours in it", "\033[" in text)
text, status = run({"PAGER": MARK, "NO_COLOR": "1"})
check("PAGER= is passed over", status == 0 and text.startswith("paged:#"))
check("colours with NO_COLOR", "\033[" not in text)
for environment, options in (({"SYSTEMD_PAGER": ""}, ()), ({"SYSTEMD_PAGER": "cat"}, ()),
                             ({"SYSTEMD_PAGER": MARK, "TERM": "dumb"}, ()), ({"SYSTEMD_PAGER": MARK}, ("--no-pager",)),
                             ({"SYSTEMD_PAGER": MARK}, ("--json",))):
    text, status = run(environment, *options)
    check(f"used with {environment} {options}", status == 0 and "paged:" not in text and "DryRun" in text)
text, status = run({"SYSTEMD_PAGER": "true"})
check("one that leaves early is a failure", status == 0)
text, status = run({"SYSTEMD_PAGER": "no-such-pager", "PATH": "/nowhere"})
check("none to be found, and nothing shown", status == 0 and "DryRun=no" in text)
text, status = run({"SYSTEMD_PAGER": MARK, "SYSTEMD_PAGERSECURE": "1", "PATH": "/nowhere"})
check("an unknown one is trusted", status == 0 and "paged:" not in text and "DryRun=no" in text)
text, status = run({"SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"})
check("SYSTEMD_COLORS=0 is passed over", "\033[" not in text)
text, status = run({"SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "256", "NO_COLOR": "1"})
check("SYSTEMD_COLORS=256 is passed over", "\033[" in text)
sys.exit(failed)
END

exit $failed
