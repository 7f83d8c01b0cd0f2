# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What passed, failed and was skipped, however it was run.

PASSED=0 FAILED=0 SKIPPED=0 FAILURES=()

count() { # PASS|FAIL|SKIP NAME [REASON]: a line of its own, and one more of its kind
    case $1 in
    PASS) PASSED=$((PASSED + 1)) ;;
    SKIP) SKIPPED=$((SKIPPED + 1)) ;;
    *)
        FAILED=$((FAILED + 1))
        FAILURES+=("$2")
        ;;
    esac
    printf '%s %s%s\n' "$1" "$2" "${3:+: $3}"
}

# A command is a test: what it prints is shown when it fails.
check() { # NAME COMMAND...
    local name=$1 log rc=0
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 || rc=$?
    case $rc in
    0) count PASS "$name" ;;
    77) count SKIP "$name" "$(tail -n 1 "$log")" ;;
    *)
        count FAIL "$name"
        tail -n 40 "$log" | sed 's/^/    | /'
        ;;
    esac
    rm -f "$log"
}

add_counts() { # FILE with three numbers, as tests/vm/run --counts writes it
    local passed failed skipped
    read -r passed failed skipped <"$1"
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
}

closing_line() {
    [ ${#FAILURES[@]} -eq 0 ] || printf 'failed: %s\n' "${FAILURES[*]}"
    echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
    [ "$FAILED" -eq 0 ]
}
