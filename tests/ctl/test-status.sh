#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-status.sh MEMSTALLCTL FAKE: memstallctl status as it is typed, with a daemon that FAKE plays.
set -euo pipefail

readonly CTL=$1 FAKE=$2
dir=$(mktemp -d)
fake=
trap '[ -z "$fake" ] || kill "$fake"; rm -rf "$dir"' EXIT
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus

fail() {
    echo "$*" >&2
    exit 1
}

expect() { # STATUS WORDS... : runs memstallctl status, output in $dir/out
    local status=$1 got=0
    shift
    "$CTL" status "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    [ "$got" = "$status" ] || fail "status $*: exit status $got, not $status: $(cat "$dir/out" "$dir/err")"
}

says() { # REGEX
    grep -Eq -- "$1" "$dir/out" || fail "nothing like \"$1\" in: $(cat "$dir/out")"
}

keeps_silent() { # REGEX
    ! grep -Eq -- "$1" "$dir/out" || fail "\"$1\" in: $(cat "$dir/out")"
}

start() { # MODE
    [ -z "$fake" ] || { kill "$fake"; wait "$fake" || :; }
    rm -f "$dir/bus"
    "$FAKE" "$dir/bus" "$1" &
    fake=$!
    for _ in $(seq 100); do [ ! -S "$dir/bus" ] || return 0; sleep 0.1; done
    fail "no fake daemon"
}

expect 0 --help
expect 2 --nonsense
expect 1
grep -q '^memstallctl: no system bus' "$dir/err" || fail "$(cat "$dir/err")"

start calm
expect 0
says '^memstalld fentry, all classes, systemd '
says '^Culprits: fentry, all classes$'
says '^the host +50-host .* calm$'
says '^hog\.service +50-hog +- +- +incident 0123$'
says '^hog\.service +throttle +50-hog +slow +[5-9]s +calm$'
keeps_silent '^(Blind|Stuck|Journal|Configuration):'

expect 0 hog.service
says '^hog\.service +50-hog '
keeps_silent '^the host'
expect 0 other.service
says '^Nothing of these is watched'
says '^Nothing is protected, throttled or frozen'

start losses
expect 0
says '^Configuration: 3 mistakes'
says '^Journal: 3 records were lost$'
says '^Stuck: 3 threads '
says '^Blind: 3 units could not be taken in; journalctl -u memstalld says why\.$'
says '^Blind: 3 units could not be asked for their ManagedOOMPreference='
says '^Blind: 3 stalls at most were not counted'
says '^Blind: 3 early warnings '
