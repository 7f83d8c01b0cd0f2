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
holds out '  check    [FILE...]    Verify settings and policies without a daemon'
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
says out 'bad.conf:3: [Step] has no Action=, write log, throttle, freeze or kill
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

exit $failed
