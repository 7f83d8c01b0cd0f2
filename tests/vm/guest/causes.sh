# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Words for the scenarios causes-…: known causes, and what memstalld made of them. Sourced after lib.sh.

WRONG=()

# From here on the journal is that of one cause.
# shellcheck disable=SC2034 # lib.sh reads the journal from there
cause_begins() { CURSOR=$(journalctl -q -n 1 --show-cursor -o cat --output-fields=_PID | sed -n 's/^-- cursor: //p'); }

decisions() { records -o json --output-fields="$1" MEMSTALLD_RECORD=decision MEMSTALLD_WATCH_UNIT="$2"; }
count_decisions() { decisions MEMSTALLD_CAUSE "$1" | grep -c . || :; }
has_decisions() { [ "$(count_decisions "$1")" -ge "$2" ]; } # WATCH COUNT

# Waits for decisions of WATCH, and holds each that named anybody against what is known: the unit that is to blame most, the
# unit that was chosen, the cause. The last has to be right, and twice as many as are not. One line of the table.
cause_is() { # WHAT WATCH CAUSES CULPRIT SUFFERER [SECONDS [COUNT]]
    local what=$1 watch=$2 causes=$3 culprit=$4 sufferer=$5 n=0 right=0 wrong=0 named='' line first victim cause share worst=0 last=- ok=0
    wait_for "${6:-60}" has_decisions "$watch" "${7:-2}"
    while IFS= read -r line; do
        first=$(sed -n 's/.*"MEMSTALLD_BLAME" *: *"\([^ "]*\) .*/\1/p' <<<"$line")
        share=$(sed -n 's/.*"MEMSTALLD_BLAME" *: *"[^ "]* \([0-9]*\)[.0-9]*% .*/\1/p' <<<"$line")
        victim=$(sed -n 's/.*"MEMSTALLD_VICTIM" *: *"\([^"]*\)".*/\1/p' <<<"$line")
        cause=$(sed -n 's/.*"MEMSTALLD_CAUSE" *: *"\([^"]*\)".*/\1/p' <<<"$line")
        [[ $first != unknown && -n $first ]] || continue
        n=$((n + 1))
        named="$named $cause"
        if [[ $first = "$culprit" && $victim = "$culprit" && $cause =~ ^($causes)$ ]]; then right=$((right + 1)) ok=1; else
            wrong=$((wrong + 1)) ok=0; echo "    not right: $cause, blame $first $share%, chosen $victim"
        fi
        last=$share
        if [[ $line =~ $sufferer\ ([0-9]+)[.0-9]*%\  ]] && [ "${BASH_REMATCH[1]}" -gt "$worst" ]; then worst=${BASH_REMATCH[1]}; fi
    done < <(decisions MEMSTALLD_CAUSE,MEMSTALLD_VICTIM,MEMSTALLD_BLAME "$watch")
    # shellcheck disable=SC2086 # words
    named=$(printf '%s\n' $named | sort | uniq -c | sort -rn | awk '{ printf "%s%s", n++ ? ", " : "", $2 (NR > 1 ? " " $1 : "") }')
    say "TABLE $what | expected $causes by $culprit | named $named; right $right of $n | its share $last% | $sufferer at most $worst%"
    if [ "$ok" = 0 ] || [ "$right" -lt $((2 * wrong)) ]; then WRONG+=("$what"); fi
}

end_units() { systemctl stop "$@" 2>/dev/null || :; systemctl reset-failed "$@" 2>/dev/null || :; }

none_is_wrong() { [ ${#WRONG[@]} -eq 0 ] || fail "not right: ${WRONG[*]}"; }
