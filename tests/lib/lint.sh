# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The checks that look at files only. Each returns 0, or 1 after it printed what is wrong.

shell_files() {
    {
        grep -rlIE '^#!/(usr/)?bin/(env )?(ba)?sh' .ci tests src units conf man bpf || :
        find tests -name '*.sh' -o -name '*.scenario'
    } | sort -u
}

lint_shell() {
    local files
    mapfile -t files < <(shell_files)
    # Programs of other languages stand in single quotes here, and that is meant (SC2016); functions that a trap calls
    # are taken for dead code (SC2317).
    shellcheck -s bash -e SC2016,SC2317 -x -P SCRIPTDIR -P . "${files[@]}"
}

lint_spelling() {
    local paths=()
    for p in README.md meson.build meson_options.txt src bpf units conf tests man; do
        [ ! -e "$p" ] || paths+=("$p")
    done
    codespell -q 3 "${paths[@]}"
}

lint_man() {
    local pages
    mapfile -t pages < <(find man -name '*.[1-8]')
    [ ${#pages[@]} -gt 0 ] || { echo "no man pages"; return 77; }
    mandoc -T lint -W warning "${pages[@]}"
}

# cppcheck on the sources as build/ compiles them. It does not know _cleanup_(), so what it says of leaks is left to the
# sanitizers; nor the macros of libbpf.
lint_static() {
    python3 - build/compile_commands.json >build/cppcheck.json <<'END_' || return 1
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    once = {entry["file"]: entry for entry in json.load(file) if entry["file"].startswith("../src/")}
assert once, "no sources in it"
json.dump(list(once.values()), sys.stdout)
END_
    cppcheck -j 2 --quiet --error-exitcode=1 --project=build/cppcheck.json --enable=warning,portability --inline-suppr \
        --std=c11 -D'LIBBPF_OPTS(type,name,...)=struct type name' \
        --suppress={memleak,memleakOnRealloc,resourceLeak,missingIncludeSystem}
}
