#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-status.sh MEMSTALLCTL FAKE: memstallctl status as it is typed, with a daemon that FAKE plays.
set -euo pipefail

readonly CTL=$1 FAKE=$2 VERB=status
# shellcheck source=tests/ctl/fake-daemon.sh
. "${BASH_SOURCE[0]%/*}/fake-daemon.sh"

expect 0 --help
expect 2 --nonsense
expect 1
complains '^memstallctl: no system bus'

start calm
expect 0
says '^memstalld 1\.0, systemd 257$'
says '^Culprits: fentry, all classes$'
says '^the host +50-host .* calm$'
says '^hog\.service +50-hog +- +- +incident 01234567$'
says '^hog\.service +throttle +50-hog +slow +[5-9]s +calm$'
keeps_silent '^(Blind|Stuck|Journal|Configuration):'

expect 0 hog.service
says '^hog\.service +50-hog '
keeps_silent '^the host'
expect 0 'ho*'
says '^hog\.service +throttle'
expect 0 other.service
says '^Nothing of these is watched'
says '^Nothing is protected, throttled or frozen'

expect 2 --json=nonsense
expect 0 --json=off
says '^Culprits: '
SYSTEMD_COLORS=1 expect 0
says $'^\x1b\\[4mWATCHED '
says $'^\x1b\\[1mhog\\.service '
expect 0 --json
[ "$(wc -l <"$dir/out")" = 15 ] || fail "not a line for each: $(cat "$dir/out")"
cp "$dir/out" "$dir/short"
expect 0 --json=pretty
python3 - "$dir/short" "$dir/out" <<'END_' || fail "JSON: $(cat "$dir/short")"
import json
import sys

short, pretty = (json.load(open(path)) for path in sys.argv[1:])
for state in short, pretty:
    hold = state["holds"][0]
    assert hold.pop("held_usec") >= 5000000
    assert hold == {"unit": "hog.service", "action": "throttle", "policy": "50-hog", "step": "slow", "left_usec": None,
                    "incident": "0123456789abcdef0123456789abcdef"}
assert short == pretty
assert short["version"] == "1.0" and short["dry_run"] is False and short["blind"]["stalls"] == 0
assert short["policies"][1] == {"name": "50-hog", "file": "/etc/memstalld/policy.d/50-hog.conf"}
host, hog = short["watches"]
assert host["cgroup"] == "/" and host["incident"] is None and host["awake"] is False
assert hog["incident"] and hog["some_avg10"] is None
END_
expect 0 --json other.service
grep -q '"watches":\[\]' "$dir/out" || fail "$(cat "$dir/out")"

start losses
expect 0
says '^Others that act when memory is short: earlyoom\.service, kubelet\.service$'
says '^Configuration: 3 mistakes'
says '^Journal: 3 records were lost$'
says '^Stuck: 3 threads '
says '^Blind: 3 units could not be taken in; journalctl -u memstalld says why\.$'
says '^Blind: 3 units could not be asked for their ManagedOOMPreference='
says '^Blind: 3 stalls at most were not counted'
says '^Blind: 3 early warnings '
