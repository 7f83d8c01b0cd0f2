# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # here and the like are tests/vm/run's
#
# One list of scenarios in as many boots as it takes: a guest that dies or hangs fails the scenario that ran, and the rest
# of the list gets another boot.

PASSED=0 FAILED=0 SKIPPED=0 BOOTS=0 FAILED_NAMES=()
BOOT_LIMIT=${MEMSTALLD_BOOT_LIMIT:-240} # seconds until the first scenario begins, in the slowest guest on a busy machine
GRACE=${MEMSTALLD_GRACE:-60}            # and how long the guest may be silent beyond a scenario's own limit

session_report() { # SUITE NAME RESULT SECONDS REASON
    case $3 in
    PASS) PASSED=$((PASSED + 1)) ;;
    SKIP) SKIPPED=$((SKIPPED + 1)) ;;
    *) FAILED=$((FAILED + 1)) FAILED_NAMES+=("$2") ;;
    esac
    mkdir -p "$OUT/$1/$2"
    printf '%s %s\n' "$3" "$5" >"$OUT/$1/$2/result"
    [ -n "$COMMAND" ] && [ "$3" = PASS ] || printf '%s %s/%s (%s s)%s\n' "$3" "$1" "$2" "$4" "${5:+: $5}"
}

session_show_failure() { # SUITE NAME
    local log=$OUT/$1/$2/log
    [ -z "$LIVE" ] || return 0
    [ ! -s "$log" ] || tail -n 15 "$log" | sed 's/^/    | /'
    echo "    see $OUT/$1/$2/"
}

session_show_console() { # FILE: why the kernel died, if it said so, and its last words
    {
        echo "the end of $1:"
        grep -aE -m 3 'Kernel panic|Oops|BUG:' "$1" || :
        tail -n 8 "$1"
        echo
    } | tr -dc '[:print:]\n' | sed 's/^/    | /'
}

session_stage() { # SCENARIO...: what the guest finds on the second disk
    local stage=$WORK/stage name
    rm -rf "$stage"
    mkdir -p "$stage/scenarios" "$stage/out"
    cp -r "$here/guest" "$stage/guest"
    [ -z "$TREE" ] || cp -a "$TREE" "$stage/tree"
    [ -z "$LIVE" ] || touch "$stage/live"
    for name in "$@"; do
        cp "$SCENARIOS/$name.scenario" "$stage/scenarios/"
        echo "$name $(header "$name" timeout 120)"
    done >"$stage/list"
    disk_make "$stage" "$WORK/disk.img"
}

# Follows what the guest tells until it is done, gone, or silent for too long. Leaves RUNNING (the scenario that was
# running when it ended, if one was), LEFT (those that had not begun) and WHY.
session_follow() { # SUITE SCENARIO...
    local suite=$1 line word name result seconds reason deadline=$((SECONDS + BOOT_LIMIT)) status tail_fd
    shift
    LEFT=("$@") RUNNING='' WHY='the guest went away' FAILURES=()
    exec {tail_fd}< <(exec tail -n +1 -s 0.2 -f --pid="$GUEST" "$WORK/events" 8>&- 9>&-)
    while :; do
        status=0
        IFS= read -r -t 2 -u "$tail_fd" line || status=$?
        if [ "$status" -gt 128 ]; then # nothing said for two seconds
            [ "$SECONDS" -lt "$deadline" ] || { WHY='the guest hangs'; break; }
            continue
        fi
        [ "$status" -eq 0 ] || break
        read -r word name result seconds reason <<<"$line"
        case $word in
        BEGIN) RUNNING=$name LEFT=("${LEFT[@]:1}") deadline=$((SECONDS + $(header "$name" timeout 120) + GRACE)) ;;
        END)
            RUNNING='' deadline=$((SECONDS + GRACE))
            session_report "$suite" "$name" "$result" "$seconds" "$reason"
            [ "$result" != FAIL ] || FAILURES+=("$name")
            ;;
        OUT) echo "${line#OUT }" ;;
        DONE) WHY='' deadline=$((SECONDS + GRACE)) ;;
        esac
    done
    exec {tail_fd}<&-
    guest_end
}

# More guests at once than there are pairs of CPUs starve each other: who comes later waits, whatever checkout it is from.
# MEMSTALLD_GUESTS=N says otherwise, where being slower does not matter.
session_slot() {
    local n=${MEMSTALLD_GUESTS:-$(($(nproc) / 2))} i said=''
    while :; do
        for ((i = 0; i < (n > 0 ? n : 1); i++)); do
            exec 8>"$(cache_folder)/slot-$i.lock"
            ! flock -n 8 || return 0
        done
        [ -n "$said" ] || echo "(waits for another run's guest)" >&2
        said=1
        sleep 1
    done
}

session_boot() { # SUITE IMAGE BOOT SCENARIO...
    local suite=$1 image=$2 boot=$3 console name
    shift 3
    BOOTS=$((BOOTS + 1))
    console=$OUT/$suite/console-$BOOTS.log
    mkdir -p "$OUT/$suite"
    session_stage "$@"
    session_slot
    guest_start "$image" "$WORK/disk.img" "$console" "$WORK/events" "$(session_accelerator "$image")" "$boot"
    for name in "$@"; do rm -rf "${OUT:?}/$suite/$name"; done
    session_follow "$suite" "$@"
    exec 8>&-
    disk_read "$WORK/disk.img" "$OUT/$suite"
    for name in "${FAILURES[@]}"; do session_show_failure "$suite" "$name"; done
}

# Tried once a run; MEMSTALLD_ACCEL=tcg or kvm settles it.
session_accelerator() { # IMAGE
    if [ -z "${MEMSTALLD_ACCEL:-}" ] && [ ! -s "$WORK/accelerator" ]; then
        if kvm_works "$1"; then echo kvm; else echo tcg; fi >"$WORK/accelerator"
    fi
    echo "${MEMSTALLD_ACCEL:-$(<"$WORK/accelerator")}"
}

# QEMU without KVM can run into the breakpoint with which the kernel patches its own code (a tracepoint switched on or off
# while another CPU is in it) after the kernel has taken it away: an int3 that belongs to nobody. Some kernels try the same
# instruction again then, for ever: each CPU that comes there is stuck, and a watchdog panics after 40 s.
session_emulator_died() { grep -aqE 'Oops: int3|int3: 0000|softlockup: hung tasks' "$1"; } # CONSOLE

# A scenario that failed beside others gets a boot of its own, as often as AGAIN says: a busy machine can take a guest's turns
# for seconds, and what is broken fails again. Both results are shown and kept (NAME.first).
session_again() { # SUITE IMAGE BOOT
    local suite=$1 name names=("${FAILED_NAMES[@]}")
    [ ${#names[@]} -gt 0 ] && [ ${#names[@]} -le "$AGAIN" ] || return 0
    AGAIN=$((AGAIN - ${#names[@]})) FAILED=$((FAILED - ${#names[@]})) FAILED_NAMES=()
    for name in "${names[@]}"; do
        echo "($suite: $name failed: once more, alone)"
        rm -rf "${OUT:?}/$suite/$name.first"
        mv "$OUT/$suite/$name" "$OUT/$suite/$name.first"
        session_list "$@" "$name"
    done
}

session_run() { # SUITE IMAGE BOOT SCENARIO...
    FAILED_NAMES=()
    session_list "$@"
    session_again "${@:1:3}"
}

session_list() { # SUITE IMAGE BOOT SCENARIO...
    local suite=$1 image=$2 boot=$3 idle=0 again=''
    shift 3
    LEFT=("$@")
    while [ ${#LEFT[@]} -gt 0 ]; do
        session_boot "$suite" "$image" "$boot" "${LEFT[@]}"
        if [ -z "$RUNNING" ] && [ ${#LEFT[@]} -gt 0 ]; then
            # Between two scenarios, or before the first: once may be bad luck on a busy machine, twice is not.
            idle=$((idle + 1))
            echo "($suite: $WHY before ${LEFT[0]} began; see $OUT/$suite/console-$BOOTS.log)"
            [ "$idle" -gt 1 ] || continue
            RUNNING=${LEFT[0]} LEFT=("${LEFT[@]:1}")
        fi
        if [ -n "$RUNNING" ] && [[ $again != *" $RUNNING "* ]] && session_emulator_died "$OUT/$suite/console-$BOOTS.log"; then
            echo "($suite: the emulator ended $RUNNING, or hung in it: once more; see $OUT/$suite/console-$BOOTS.log)"
            again+=" $RUNNING " LEFT=("$RUNNING" "${LEFT[@]}") RUNNING=''
        fi
        if [ -n "$RUNNING" ]; then
            session_report "$suite" "$RUNNING" FAIL '?' "$WHY"
            session_show_console "$OUT/$suite/console-$BOOTS.log"
        fi
    done
}
