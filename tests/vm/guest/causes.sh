# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Words for the scenarios causes-…: known causes, and what memstalld made of them. Sourced after lib.sh.

WRONG=()

# From here on the journal is that of one cause.
# shellcheck disable=SC2034 # lib.sh reads the journal from there
cause_begins() { CURSOR=$(journalctl -q -n 1 --show-cursor -o cat --output-fields=_PID | sed -n 's/^-- cursor: //p'); }

# Decisions of WATCH that lay more to anybody than to nobody.
count_decisions() { # WATCH
    records -o json --output-fields=MEMSTALLD_BLAME MEMSTALLD_RECORD=decision MEMSTALLD_WATCH_UNIT="$1" |
        grep -cE '"MEMSTALLD_BLAME" *: *"[^" ]+\.(service|scope|slice) ' || :
}
has_decisions() { [ "$(count_decisions "$1")" -ge "$2" ]; } # WATCH COUNT

# Waits for COUNT decisions of WATCH, or so long that one has to do, and has them judged: a line of the table. CAUSES is a pattern.
cause_is() { # WHAT WATCH CAUSES CULPRIT SUFFERER [SECONDS [COUNT]]
    local until=$((SECONDS + ${6:-60}))
    until has_decisions "$2" "${7:-3}" || [ "$SECONDS" -ge "$until" ]; do sleep 0.2; done
    wait_for "${6:-60}" has_decisions "$2" 1
    records -o json --all MEMSTALLD_WATCH_UNIT="$2" | judge-cause "$1" "$3" "$4" "$5" || WRONG+=("$1")
}

end_units() { systemctl stop "$@" 2>/dev/null || :; systemctl reset-failed "$@" 2>/dev/null || :; }

none_is_wrong() { [ ${#WRONG[@]} -eq 0 ] || fail "not right: ${WRONG[*]}"; }
