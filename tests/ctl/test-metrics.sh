#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-metrics.sh MEMSTALLCTL FAKE: memstallctl metrics as it is typed, with a daemon that FAKE plays.
set -euo pipefail

readonly CTL=$1 FAKE=$2 VERB=metrics
# shellcheck source=tests/ctl/fake-daemon.sh
. "${BASH_SOURCE[0]%/*}/fake-daemon.sh"

expect 0 --help
says '^memstallctl metrics'
expect 2 --nonsense
expect 2 hog.service
complains '^memstallctl metrics: no argument'
expect 1
complains '^memstallctl: no system bus: '

start calm
expect 0
[ "$(cat "$dir/out")" = $'# TYPE memstalld_watches gauge\nmemstalld_watches 2\n# EOF' ] || fail "$(cat "$dir/out")"

start old
expect 1
complains '^memstallctl: memstalld is older than this memstallctl'
