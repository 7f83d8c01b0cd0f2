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
