# SPDX-License-Identifier: LGPL-2.1-or-later
# fish completion for memstallctl

# What memstalld kept.
function __memstallctl_incidents
    set -l folder /var/lib/memstalld/incidents
    set -q MEMSTALLCTL_INCIDENTS; and set folder $MEMSTALLCTL_INCIDENTS
    for file in $folder/*.trace
        string replace -r '.*/(.*)\.trace$' '$1' -- $file
    end
end

# What can be watched and runs.
function __memstallctl_units
    systemctl list-units --plain --no-legend --no-pager --type=service,scope,slice 2>/dev/null | string replace -r ' .*' ''
end

function __memstallctl_verb
    __fish_seen_subcommand_from $argv
end

complete -c memstallctl -f
complete -c memstallctl -n __fish_use_subcommand -l version -d 'show the version'
complete -c memstallctl -s h -l help -d 'show help'
complete -c memstallctl -n __fish_use_subcommand -a check -d 'verify settings and policies without a daemon'
complete -c memstallctl -n __fish_use_subcommand -a explain -d 'tell why something happened, or why nothing did'
complete -c memstallctl -n __fish_use_subcommand -a incidents -d 'list what happened, out of the journal'
complete -c memstallctl -n __fish_use_subcommand -a metrics -d 'print what was counted, as OpenMetrics'
complete -c memstallctl -n __fish_use_subcommand -a record -d 'write what memstalld sees and decides to a trace'
complete -c memstallctl -n __fish_use_subcommand -a release -d 'undo by hand what is held'
complete -c memstallctl -n __fish_use_subcommand -a replay -d 'put a trace through policies, and compare what is decided'
complete -c memstallctl -n __fish_use_subcommand -a show-config -d 'show what is in effect, and which file gave what'
complete -c memstallctl -n __fish_use_subcommand -a status -d 'show what is watched, by which policy, and what is held'
complete -c memstallctl -n __fish_use_subcommand -a top -d 'show live where the host stalls on memory'

complete -c memstallctl -n '__memstallctl_verb check' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb check' -l root -d 'look for files below' -x -a '(__fish_complete_directories)'
complete -c memstallctl -n '__memstallctl_verb check' -l host -d 'warn of what depends on this host' -x -a 'no yes'
complete -c memstallctl -n '__memstallctl_verb check' -l strict -d 'count warnings as mistakes'
complete -c memstallctl -n '__memstallctl_verb explain' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb explain' -l no-pager -d 'do not pipe output into a pager'
complete -c memstallctl -n '__memstallctl_verb explain' -l root -d 'look for files below' -x -a '(__fish_complete_directories)'
complete -c memstallctl -n '__memstallctl_verb explain' -l file -d 'read an export of the journal' -r -F
complete -c memstallctl -n '__memstallctl_verb incidents' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb incidents' -l no-pager -d 'do not pipe output into a pager'
complete -c memstallctl -n '__memstallctl_verb incidents' -l file -d 'read an export of the journal' -r -F
complete -c memstallctl -n '__memstallctl_verb incidents' -l since -d 'from then on' -x -a 'today yesterday'
complete -c memstallctl -n '__memstallctl_verb incidents' -l until -d 'up to then' -x -a 'today yesterday'
complete -c memstallctl -n '__memstallctl_verb incidents' -l unit -d 'where it was watched or had to pay' -x -a '(__memstallctl_units)'
complete -c memstallctl -n '__memstallctl_verb incidents' -l lines -d 'the last' -s n -x
complete -c memstallctl -n '__memstallctl_verb release' -l all -d 'whatever is held'
complete -c memstallctl -n '__memstallctl_verb replay' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb replay' -l no-pager -d 'do not pipe output into a pager'
complete -c memstallctl -n '__memstallctl_verb replay' -l root -d 'look for files below' -x -a '(__fish_complete_directories)'
complete -c memstallctl -n '__memstallctl_verb replay' -l check -d 'print nothing'
complete -c memstallctl -n '__memstallctl_verb replay' -l force -d 'go on where lines are missing'
complete -c memstallctl -n '__memstallctl_verb replay' -l incident -d 'of this incident' -x -a '(__memstallctl_incidents)'
complete -c memstallctl -n '__memstallctl_verb replay' -l policy-dir -d 'policies' -x -a '(__fish_complete_directories)'
complete -c memstallctl -n '__memstallctl_verb show-config' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb show-config' -l no-pager -d 'do not pipe output into a pager'
complete -c memstallctl -n '__memstallctl_verb show-config' -l root -d 'look for files below' -x -a '(__fish_complete_directories)'
complete -c memstallctl -n '__memstallctl_verb status' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb status' -l no-pager -d 'do not pipe output into a pager'
complete -c memstallctl -n '__memstallctl_verb top' -l json -d 'print for programs' -x -a 'pretty short off'
complete -c memstallctl -n '__memstallctl_verb top' -l folded -d 'for flame graphs'
complete -c memstallctl -n '__memstallctl_verb top' -l once -d 'one sample'
complete -c memstallctl -n '__memstallctl_verb top' -l interval -d 'length of a sample' -x
complete -c memstallctl -n '__memstallctl_verb top' -l samples -d 'so many samples' -s n -x

complete -c memstallctl -n '__memstallctl_verb check record replay' -F
complete -c memstallctl -n '__memstallctl_verb explain' -a 'last (__memstallctl_incidents) (__memstallctl_units)'
complete -c memstallctl -n '__memstallctl_verb release show-config status' -a '(__memstallctl_units)'
