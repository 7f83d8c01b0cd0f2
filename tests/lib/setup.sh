# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the lists are for who sources this
#
# Shared by tests/run and tests/demo: installs what is missing, and builds.

BUILD_PACKAGES=(meson ninja-build gcc libc6-dev clang pkg-config libsystemd-dev libbpf-dev libinih-dev libcmocka-dev bpftool
                linux-libc-dev)
GUEST_PACKAGES=(qemu-system-x86 mmdebstrap gpg e2fsprogs)
LINT_PACKAGES=(libclang-rt-dev llvm shellcheck codespell mandoc binutils cppcheck python3-prometheus-client)

step() { printf '== %s\n' "$*"; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

is_debian() {
    [ -r /etc/os-release ] && command -v apt-get >/dev/null || return 1
    # shellcheck source=/dev/null
    [[ " $(. /etc/os-release && echo "$ID ${ID_LIKE:-}") " == *" debian "* ]]
}

package_missing() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" != installed ]; }

# Looks first: a second run needs no network.
install_missing() { # PACKAGE...
    local package missing=()
    is_debian || die "this is not Debian: install by hand what these Debian packages hold, and build with meson (README.md): $*"
    for package in "$@"; do
        ! package_missing "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || die "not installed, and only root can: apt-get install ${missing[*]}"
    step "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# A build folder of an earlier run is used again, with these options.
build() { # FOLDER OPTION...
    local folder=$1
    shift
    if [ -e "$folder/build.ninja" ]; then
        meson configure "$folder" "$@" >/dev/null
    else
        rm -rf "$folder"
        meson setup "$folder" --prefix=/usr --sysconfdir=/etc "$@" >"$folder.log" || {
            tail -n 30 "$folder.log"
            return 1
        }
        rm -f "$folder.log"
    fi
    ninja -C "$folder" --quiet
}

install_tree() { # FOLDER: what make install would write, in FOLDER/tree, and the tests that need a real kernel
    local live=$1/tree/usr/lib/memstalld-tests
    rm -rf "$1/tree"
    DESTDIR=$(realpath "$1")/tree meson install -C "$1" --no-rebuild --quiet
    mkdir -p "$live"
    cp "$1"/tests/*/live-cgroup "$1"/tests/*/live-{accuracy,memstall} "$1"/tests/*/live-psi "$1"/tests/*/live-rungs "$1"/tests/*/live-systemd{,-ends} "$live"
    # Guests come without it.
    cp "$(ldd "$1/tests/sense/live-psi" | sed -n 's/.*libcmocka.* => \([^ ]*\).*/\1/p')" "$live"
}
