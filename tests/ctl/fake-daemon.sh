# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2153 # FAKE is of whoever sources this
#
# A verb of memstallctl as it is typed, with a daemon that FAKE plays on a bus of its own. Whoever sources this has set CTL,
# FAKE and VERB.

dir=$(mktemp -d)
fake=
trap '[ -z "$fake" ] || kill "$fake"; rm -rf "$dir"' EXIT
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus

fail() {
    echo "$*" >&2
    exit 1
}

expect() { # STATUS WORDS... : runs the verb, output in $dir/out and $dir/err
    local status=$1 got=0
    shift
    "$CTL" "$VERB" "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    [ "$got" = "$status" ] || fail "$VERB $*: exit status $got, not $status: $(cat "$dir/out" "$dir/err")"
}

says() { # REGEX
    grep -Eq -- "$1" "$dir/out" || fail "nothing like \"$1\" in: $(cat "$dir/out")"
}

keeps_silent() { # REGEX
    ! grep -Eq -- "$1" "$dir/out" || fail "\"$1\" in: $(cat "$dir/out")"
}

complains() { # REGEX
    grep -Eq -- "$1" "$dir/err" || fail "nothing like \"$1\" in: $(cat "$dir/err")"
}

start() { # MODE
    [ -z "$fake" ] || { kill "$fake"; wait "$fake" || :; }
    rm -f "$dir/bus"
    "$FAKE" "$dir/bus" "$1" &
    fake=$!
    for _ in $(seq 100); do [ ! -S "$dir/bus" ] || return 0; sleep 0.1; done
    fail "no fake daemon"
}
