# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # tests/bench/idle sets NUMBERS, PEERS and SECONDS_CALM
#
# What memstalld costs while nothing stalls, by number of watched units; see tests/bench/idle. Slices, because they need no
# process: to memstalld they are watched as services are.

# Makes what is missing up to so many; a hundred in one call of systemctl.
made=0
units_up_to() { # N
    while [ "$made" -lt "$1" ]; do
        local names=() to=$((made + 100 < $1 ? made + 100 : $1))
        for ((; made < to; made++)); do names+=("w$made.slice"); done
        systemctl start "${names[@]}"
    done
}

calm() { # NAME UNITS START_MSEC: a line
    local woken cpu
    sleep 15 # what is asked of each unit once has been asked by then
    woken=$(agent_wakeups) cpu=$(agent_cpu_usec)
    sleep "$SECONDS_CALM"
    say "| $(printf '%-18s %5d %8d %8d %8d %9d %8d %8d %9d' "$1" "$2" "$3" $((($(agent_wakeups) - woken) * 60 / SECONDS_CALM)) \
        $((($(agent_cpu_usec) - cpu) * 60 / SECONDS_CALM / 1000)) "$(agent_status VmLck)" "$(agent_status VmRSS)" \
        $(($(cat "$(cgroup_of "$AGENT_UNIT")/memory.current") / 1024)) "$(agent_descriptors)")"
}

agents_none
policy 50-watched <<'END_'
[Match]
Slice=w*.slice

[Step]
Pressure=some 10% 2s
Action=log

[Step]
Pressure=full 20% 2s
For=4s
Action=kill
END_
say "| $(uname -r); a minute, over $SECONDS_CALM s; KiB"
say "| agent              units start ms  wakeups   CPU ms    locked resident   cgroup     files"
for n in $NUMBERS; do
    units_up_to "$n"
    AGENT_UNIT=memstalld.service
    # Without recording: memstallctl record would read along.
    systemctl start memstalld.service || fail "memstalld did not start"
    calm memstalld "$n" $(($(agent_cpu_usec) / 1000))
    systemctl stop memstalld.service
done
for peer in $PEERS; do
    agent_start "$peer"
    calm "$peer" "$n" $(($(agent_cpu_usec) / 1000))
    agent_stop
done
