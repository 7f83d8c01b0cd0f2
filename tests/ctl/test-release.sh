#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-release.sh MEMSTALLCTL FAKE: memstallctl release as it is typed, with a daemon that FAKE plays.
set -euo pipefail

readonly CTL=$1 FAKE=$2 VERB=release
# shellcheck source=tests/ctl/fake-daemon.sh
. "${BASH_SOURCE[0]%/*}/fake-daemon.sh"

expect 0 --help
says '^memstallctl release UNIT'
expect 2
complains '^memstallctl release: units, or --all; '
expect 2 --all hog.service
expect 2 --nonsense
expect 1 hog.service
complains '^memstallctl: no system bus: '

start calm
expect 1 quiet.service
complains '^memstallctl: memstalld does not release quiet\.service: quiet\.service is not held$'
expect 1 quiet.service hog.service # the second is released all the same
says '^hog\.service released\.$'

start calm
expect 0 --all
says '^1 released\.$'
expect 0 --all
says '^Nothing is protected, throttled or frozen\.$'

start denied
expect 1 hog.service
complains '^memstallctl: memstalld does not release hog\.service: only root may do that$'
