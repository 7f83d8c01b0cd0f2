# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The words that scenarios are written in. Sourced in the guest before the scenario; whatever a scenario makes with these
# is undone by guest/reset after it.

ETC=/etc/memstalld

# ---- the end of a scenario

fail() { # WHY...: the first reason stays; what fails because of it comes after
    echo "FAIL: $*"
    [ -s "$SCENARIO_OUT/reason" ] || echo "$*" >"$SCENARIO_OUT/reason"
    exit 1
}

skip() { # WHY...
    echo "SKIP: $*"
    echo "$*" >"$SCENARIO_OUT/reason"
    exit 77
}

say() { echo "[$(cut -d ' ' -f 1 /proc/uptime)] $*"; }

# ---- memstalld

policy() { # NAME <<'EOF_'
    mkdir -p "$ETC/policy.d"
    cat >"$ETC/policy.d/$1.conf"
}

settings() { # <<'EOF_'
    mkdir -p "$ETC/memstalld.conf.d"
    cat >"$ETC/memstalld.conf.d/50-scenario.conf"
}

start_memstalld() {
    [ -x /usr/sbin/memstalld ] || [ -x /usr/bin/memstalld ] || fail "no memstalld is installed in the guest"
    systemctl start memstalld.service && { start_recording; return; }
    systemctl status --no-pager -l memstalld.service || :
    journalctl --no-pager -q -u memstalld.service --after-cursor="$CURSOR" | tail -n 40
    fail "memstalld did not start"
}

# Whatever the daemon sees and decides from its start on, until other policies are loaded, is recorded, and played again
# at the end of the scenario: the replay has to decide the same.
start_recording() {
    local root=$SCENARIO_OUT/replay
    rm -rf "$root"
    mkdir -p "$root/etc/systemd"
    [ ! -d "$ETC" ] || cp -r "$ETC" "$root/etc/"
    [ ! -d /run/systemd/oomd.conf.d ] || cp -r /run/systemd/oomd.conf.d "$root/etc/systemd/"
    memstallctl record "$root/trace" </dev/null >"$root/log" 2>&1 &
    RECORDER=$!
    wait_for 20 test -s "$root/trace"
}

stop_recording() {
    [ -n "${RECORDER:-}" ] || return 0
    kill -INT "$RECORDER" 2>/dev/null || :
    wait "$RECORDER" || :
    RECORDER=
}

check_recording() {
    local root=$SCENARIO_OUT/replay
    stop_recording
    [ -e "$root/trace" ] || return 0
    memstallctl replay --check --root="$root" "$root/trace" && return
    memstallctl replay --root="$root" "$root/trace" || :
    fail "a replay of what memstalld saw does not decide what it decided"
}

reload_memstalld() { stop_recording; systemctl reload memstalld.service || fail "memstalld did not reload"; }

stop_memstalld() { systemctl stop memstalld.service || fail "memstalld did not stop"; }

# The daemon cannot work here: it says so in one sentence that has these patterns in it, and exits with 1.
expect_refusal() { # PATTERN...
    local text rc=0 pattern
    text=$(timeout 30 memstalld 2>&1) || rc=$?
    echo "$text"
    [ "$rc" = 1 ] || fail "exit status $rc"
    [ "$(grep -c . <<<"$text")" = 1 ] || fail "not one line: $text"
    for pattern in "$@"; do expect_in "$text" "$pattern"; done
}

# How often the daemon went to sleep and woke up again, all threads together.
memstalld_wakeups() {
    local pid
    pid=$(systemctl show -P MainPID memstalld.service)
    awk '/^(non)?voluntary_ctxt_switches/ { n += $2 } END { print n }' /proc/"$pid"/task/*/status
}

# ---- units

unit() { # NAME [systemd-run option]... -- COMMAND...
    local name=$1 options=()
    shift
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    # A dollar at the start of a word is a variable to systemd; two of them are one dollar.
    systemd-run --quiet --service-type=exec --unit="$name" "${options[@]}" -- "${@//\$/\$\$}" || fail "$name did not start"
}

unit_file() { # NAME <<'EOF_': a unit as an administrator has it; known once systemd has reloaded
    cat >"/run/systemd/system/$1"
    echo "$1" >>/run/scenario-units
}

# As the user `tester`, who has a manager of their own: user systemctl --user …
user() { runuser -u tester -- env XDG_RUNTIME_DIR=/run/user/1000 "$@"; }

start_user_manager() {
    systemctl start user@1000.service || fail "no user manager"
    wait_for 30 test -S /run/user/1000/systemd/private
}

# A unit that minds its own business: it touches its 120 MB again and again. See bystander_worst_ms, stalled_ms.
bystander() { # NAME [systemd-run option]...
    local name=$1
    shift
    unit "$name" "$@" -- bystander "/run/bystander-$name" 120
    wait_for 60 test -s "/run/bystander-$name"
}

# The longest that the bystander needed for one MB of its memory.
bystander_worst_ms() { cat "/run/bystander-$1"; }

property() { systemctl show -P "$2" "$1"; } # UNIT PROPERTY

cgroup_of() { echo "/sys/fs/cgroup$(property "$1" ControlGroup)"; } # UNIT

# How long the tasks of a unit have stalled on memory so far, after the kernel.
stalled_ms() { # UNIT [some|full]
    awk -v line="${2:-some}" '$1 == line { sub("total=", "", $5); print int($5 / 1000) }' "$(cgroup_of "$1")/memory.pressure"
}

kernel_oom_kills() { awk '$1 == "oom_kill" { print $2 }' /proc/vmstat; }

swap() { # SIZE: a swap file on the guest's disk
    fallocate -l "$1" /swapfile
    chmod 600 /swapfile
    mkswap -q /swapfile
    swapon /swapfile
}

# ---- waiting and expecting

wait_for() { # SECONDS COMMAND...
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$until" ] || fail "waited in vain for: $*"
        sleep 0.2
    done
}

is_active() { systemctl is-active --quiet "$1"; }
is_gone() { ! systemctl is-active --quiet "$1"; }
property_is() { [ "$(property "$1" "$2")" = "$3" ]; } # UNIT PROPERTY VALUE

# Frozen, or on the way: tasks that reclaim without end come out of the kernel late, and are frozen only then.
is_freezing() { case $(property "$1" FreezerState) in frozen | freezing) ;; *) return 1 ;; esac; } # UNIT

expect_active() { is_active "$1" || fail "$1 should be active, is $(systemctl is-active "$1")"; }
expect_gone() { is_gone "$1" || fail "$1 should be gone, is $(systemctl is-active "$1")"; }

expect_property() { # UNIT PROPERTY VALUE
    property_is "$@" || fail "$2 of $1 should be $3, is $(property "$1" "$2")"
}

expect_in() { # TEXT PATTERN: grep -E finds PATTERN in TEXT
    grep -Eq -- "$2" <<<"$1" || fail "no '$2' in: $1"
}

# ---- the journal of this scenario

# Not --after-cursor: with a match, journalctl 252 leaves out the first entry after it. The cursor's own is the test bed's.
records() { journalctl -q --no-pager --cursor="$CURSOR" "$@"; }

# The values of one field in the records that match, one a line (lines of a value that has several stay so).
record_values() { # FIELD FIELD=VALUE...
    local field=$1
    shift
    records -o cat --output-fields="$field" "$@"
}

# When the first record that matches was written, by the monotonic clock.
record_usec() { # [journalctl option | FIELD=VALUE]...
    records -o json --output-fields=MESSAGE "$@" | sed -n 's/.*"__MONOTONIC_TIMESTAMP" *: *"\([0-9]*\)".*/\1/p' | head -n 1
}

kernel_oom_usec() { record_usec -k --grep='out of memory: Killed'; }

has_record() { [ -n "$(records -n 1 -o cat --output-fields=_BOOT_ID "$@")" ]; }

wait_record() { # SECONDS FIELD=VALUE...
    local seconds=$1
    shift
    wait_for "$seconds" has_record "$@"
}

expect_record() { has_record "$@" || fail "no record with $*"; }
expect_no_record() { ! has_record "$@" || fail "a record with $*"; }

show_journal() { records -o short-precise -u "$1"; } # UNIT: what an administrator reads
