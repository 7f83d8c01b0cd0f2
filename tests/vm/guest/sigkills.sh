# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# memstalld is killed again and again while it throttles, freezes and kills. Whatever is held longer than its MaxHold= and
# ten seconds on top has been forgotten by it.

SIGKILLS_UNITS=(slow-a slow-b cold-a cold-b)
SIGKILLS_MAX_HOLD=3

sigkills_prepare() {
    policy 50-slow <<END_
[Match]
Unit=slow-*.service

[Step]
Pressure=some 5% 500ms
Action=throttle
MemoryHigh=5M
MaxHold=${SIGKILLS_MAX_HOLD}s
Settle=0
Cooldown=2s
END_
    policy 60-cold <<END_
[Match]
Unit=cold-*.service

[Step]
Pressure=some 5% 500ms
Action=freeze
MaxHold=${SIGKILLS_MAX_HOLD}s
Settle=0
Cooldown=2s
END_
    policy 70-hog <<END_
[Match]
Unit=hog.service

[Step]
Pressure=some 5% 500ms
Action=kill
Settle=0
Cooldown=1s
END_
    # BPF would be loaded each time, which is most of a start here; and nobody runs out of actions.
    settings <<END_
[Daemon]
Culprits=no
MaxActions=1000 1min
END_
    mkdir -p /run/systemd/system/memstalld.service.d
    printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\n' >/run/systemd/system/memstalld.service.d/sigkills.conf
    systemctl daemon-reload
    swap 256M
    start_memstalld
    stop_recording
    local u
    unit_file hog.service <<END_
[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=perl -e 'while (1) { \$m = "x" x (20 << 20); select undef, undef, undef, 0.1 }'
MemoryHigh=10M
Restart=always
RestartSec=0
END_
    for u in a b; do unit bystander-$u.service -- sleep infinity; done
    for u in "${SIGKILLS_UNITS[@]}"; do
        unit "$u".service --slice=sigkills.slice -p MemoryHigh=10M -- \
            perl -e 'while (1) { $m = "x" x (20 << 20); select undef, undef, undef, 0.1 }'
    done
    systemctl daemon-reload
    systemctl start hog.service
}

# Notes each unit that is held without a break for too long: "cold-a 14.2".
sigkills_watch() {
    perl -e '$| = 1; my ($limit, @units) = @ARGV; my (%since, %told);
        sub text { open my $f, "<", "/sys/fs/cgroup/sigkills.slice/$_[0]" or return ""; my $t = <$f> // ""; chomp $t; $t }
        sub now { open my $f, "<", "/proc/uptime"; (split " ", <$f>)[0] }
        while (1) {
            for my $u (@units) {
                my $held = text("$u.service/cgroup.freeze") eq "1" || text("$u.service/memory.high") =~ /^(\d+)$/ && $1 < 10 << 20;
                if (!$held) { delete $since{$u}; delete $told{$u}; next }
                my $for = now() - ($since{$u} //= now());
                printf "%s %.1f\n", $u, $for if $for > $limit && !$told{$u}++;
            }
            select undef, undef, undef, 0.2;
        }' $((SIGKILLS_MAX_HOLD + 10)) "${SIGKILLS_UNITS[@]}" >"$SCENARIO_OUT/too-long" &
    SIGKILLS_WATCH=$!
}

# Now at any moment, now while it starts or its ExecStopPost= runs, now the whole unit.
sigkills_kill() {
    local pid
    sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    pid=$(property memstalld.service MainPID)
    if [ "$pid" -gt 0 ] && [ $((RANDOM % 4)) -gt 0 ]; then
        kill -KILL "$pid" 2>/dev/null || :
    else
        systemctl kill -s KILL memstalld.service 2>/dev/null || :
    fi
}

# COUNT: what this is about. Prints the figures.
sigkills() {
    local i u n_actions n_recovered
    sigkills_prepare
    sigkills_watch
    trap 'kill "$SIGKILLS_WATCH" 2>/dev/null || :; rm -rf /run/systemd/system/memstalld.service.d; systemctl daemon-reload' EXIT
    for ((i = 0; i < $1; i++)); do
        sigkills_kill
        [ $((i % 20)) -gt 0 ] || say "$i"
    done
    rm /etc/memstalld/policy.d/*.conf
    systemctl kill -s KILL memstalld.service || :
    sleep 10
    wait_for 20 is_active memstalld.service
    sleep 5
    not_held || { what_is_held; fail "something is held for good"; }
    kill "$SIGKILLS_WATCH"
    n_actions=$(records -o cat --output-fields=MESSAGE MEMSTALLD_RECORD=outcome MEMSTALLD_OUTCOME=done | grep -c . || :)
    n_recovered=$(records -o cat --output-fields=MESSAGE MEMSTALLD_RECORD=release MEMSTALLD_REASON=recovered-after-crash | grep -c . || :)
    say "$1 times SIGKILL, $n_actions actions, $n_recovered released after a crash," \
        "$(grep -c . "$SCENARIO_OUT/too-long" || :) held for too long, $(property hog.service NRestarts) restarts of the hog"
    [ ! -s "$SCENARIO_OUT/too-long" ] || fail "held for too long: $(tr '\n' ' ' <"$SCENARIO_OUT/too-long")"
    [ "$n_recovered" -gt 0 ] || fail "it never died while it held something"
    [ "$(property hog.service NRestarts)" -gt 0 ] || fail "the hog was never killed"
    for u in "${SIGKILLS_UNITS[@]}"; do
        expect_active "$u".service
        expect_property "$u".service NRestarts 0
        expect_property "$u".service FreezerState running
        expect_property "$u".service MemoryHigh $((10 << 20))
    done
    for u in a b; do expect_active bystander-$u.service; done
}

what_is_held() {
    local u
    grep service /run/memstalld/held | tr -s " " || :
    grep . /sys/fs/cgroup/sigkills.slice/*.service/{cgroup.freeze,memory.high} || :
    for u in "${SIGKILLS_UNITS[@]}"; do systemctl show -p FreezerState -p MemoryHigh -p ActiveState "$u".service; done
    records -n 60 -o short-monotonic -u memstalld.service
}

not_held() {
    local u
    ! grep -q service /run/memstalld/held || return 1
    for u in "${SIGKILLS_UNITS[@]}"; do
        [ "$(cat /sys/fs/cgroup/sigkills.slice/"$u".service/cgroup.freeze)" = 0 ] || return 1
        [ "$(cat /sys/fs/cgroup/sigkills.slice/"$u".service/memory.high)" = $((10 << 20)) ] || return 1
    done
}
