#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later

# What Tab offers and what the manual tells of, for each verb and option that the program has.
# Usage: test-completion.sh COMPLETION MEMSTALLCTL MANUAL

set -u

# shellcheck source=/dev/null
. "$1"
completion=$(realpath "$1")
ctl=$(realpath "$2")
manual=$(realpath "$3")
failed=0

# offers "EXPECTED" WORD...: the words so far; the last is the one being typed.
offers() {
    local expected=$1
    shift
    COMP_WORDS=(memstallctl "$@")
    COMP_CWORD=$#
    _memstallctl
    local got
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ')
    if [[ ${got% } != "$expected" ]]; then
        echo "memstallctl $*: \"${got% }\" instead of \"$expected\""
        failed=1
    fi
}

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
mkdir policy.d
: >a.conf

verbs=$("$ctl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\).*/\1/p' | sort | tr '\n' ' ')
offers "${verbs% }" ""
offers "check" ch
offers "--help --version" --
offers "--help --host= --json= --root= --strict" check --
offers "--help --json= --no-pager --root=" show-config --
offers "no yes" check --host = ""
offers "no" check --host n
offers "policy.d" show-config --root = ""
offers "--help --json= --no-pager" status --
offers "pretty" status --json = p
offers "a.conf policy.d" check ""
offers "policy.d" check --root = po
offers "policy.d" check --root po
offers "" check zzz
offers "a.conf policy.d" replay ""
offers "a.conf policy.d" record ""
offers "policy.d" replay --policy-dir = po
mkdir incidents
: >incidents/0123.trace
: >incidents/0456.trace
# shellcheck disable=SC2034  # the completion looks there
MEMSTALLCTL_INCIDENTS=$dir/incidents
offers "0456" replay --incident = 04
offers "0123" explain 01
offers "last" explain la
rm -r incidents
offers "a.conf" explain --file = a
offers "yesterday" incidents --since = y

# No systemd is needed for units to be offered.
# shellcheck disable=SC2317  # it is called by the completion
systemctl() {
    printf 'hog.service loaded active running A hog\nbatch.slice loaded active active Batch\n'
}
offers "batch.slice hog.service" status ""
offers "hog.service" status batch.slice h
offers "batch.slice" show-config b
offers "hog.service" explain h
offers "hog.service" incidents --unit = h

# told VERB: the options that the manual has in its section on the verb, sorted.
told() {
    sed -n "/^\.Ss $1\$/,/^\.S[sh]/s/^\.It Fl \(-[a-z-]*\)\( Ns = .*\)\?\$/-\1\2/p" "$manual" |
        sed 's/ Ns = .*/=/' | sort | tr '\n' ' '
}

# synopsis VERB: those that its synopsis has, sorted.
synopsis() {
    sed -n '/^\.Sh SYNOPSIS$/,/^\.Sh DESCRIPTION$/p' "$manual" | sed -n "/^\.Cm $1\$/,/^\.Nm\$/p" |
        grep -oE 'Fl -[a-z-]+( Ns =)?' | sed 's/^Fl /-/; s/ Ns =/=/' | sort | tr '\n' ' '
}

# Each option that a verb tells of is offered and in the manual, and no other. --help, which all have, stands there once.
for verb in $verbs; do
    options=$("$ctl" "$verb" --help | grep -oE -e '^ +(-[a-z] )? *--[a-z-]+=?' | grep -oE -e '--[a-z-]+=?' | sort | tr '\n' ' ')
    offers "${options% }" "$verb" --
    for place in told synopsis; do
        got=$($place "$verb")
        if [[ $got != "${options/--help /}" ]]; then
            echo "memstallctl(1), $place, $verb: \"$got\" instead of \"${options/--help /}\""
            failed=1
        fi
    done
done

# The other shells know the same verbs and options. Syntax is for the shells themselves, where they are there.
zsh=${completion%/*}/_memstallctl fish=$completion.fish
zsh_options() { # VERB
    sed -n "/^    $1)\$/,/;;/p" "$zsh" | sed 's/\$json/--json/; s/\$pager/--no-pager/; s/\$root/--root/' | grep -oE -e '--[a-z-]+'
}
fish_options() { # VERB
    echo --help
    sed -n "s/^complete -c memstallctl -n '__memstallctl_verb $1' -l \([a-z-]*\) .*/--\1/p" "$fish"
}
for verb in $verbs; do
    options=$("$ctl" "$verb" --help | grep -oE -e '^ +(-[a-z] )? *--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort | tr '\n' ' ')
    for shell in zsh fish; do
        got=$("${shell}_options" "$verb" | sort -u | tr '\n' ' ')
        if [[ $got != "$options" ]]; then
            echo "completion for $shell, $verb: \"$got\" instead of \"$options\""
            failed=1
        fi
        if ! grep -qE "^ +'$verb:|use_subcommand -a $verb " "${!shell}"; then
            echo "completion for $shell: no $verb"
            failed=1
        fi
    done
done
for shell in zsh fish; do
    if command -v "$shell" >/dev/null && ! "$shell" -n "${!shell}"; then
        echo "completion for $shell: not its syntax"
        failed=1
    fi
done

exit $failed
