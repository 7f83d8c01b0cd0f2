# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# The suites that there are guests of, and where their images are kept.

SUITES=(trixie bookworm forky)

suite_known() { # SUITE
    local s
    for s in "${SUITES[@]}"; do
        [ "$s" != "$1" ] || return 0
    done
    return 1
}

cache_folder() {
    if [ -n "${MEMSTALLD_CACHE:-}" ]; then
        echo "$MEMSTALLD_CACHE"
    elif [ "$(id -u)" = 0 ]; then
        echo /var/cache/memstalld-tests
    else
        echo "${XDG_CACHE_HOME:-$HOME/.cache}/memstalld-tests"
    fi
}

# The C library of each; what is built on a newer one does not run there. forky still moves, and is never older.
# shellcheck disable=SC2034
declare -A GLIBC=([bookworm]=2.36 [trixie]=2.41 [forky]=2.99)
