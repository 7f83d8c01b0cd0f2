# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# In a guest: the agents that are held beside each other, one at a time. For tests/bench/peers and tests/bench/idle.

# What Debian starts by itself.
agents_none() {
    local agent
    for agent in earlyoom.service nohang.service nohang-desktop.service oomd.service systemd-oomd.service systemd-oomd.socket; do
        systemctl disable -q --now "$agent" 2>/dev/null || :
    done
    rm -rf /run/systemd/system/{system,batch}.slice.d
}

# Units say with ManagedOOM…= that systemd-oomd is to act on them: what runs in these slices is watched.
managed_slices() {
    local slice
    for slice in system.slice batch.slice; do
        mkdir -p "/run/systemd/system/$slice.d"
        printf '[Slice]\nManagedOOMSwap=kill\nManagedOOMMemoryPressure=kill\n' >"/run/systemd/system/$slice.d/50-oomd.conf"
    done
    systemctl daemon-reload
    systemctl start batch.slice
}

# A detector and what is done, as its docs/core_plugins.md has them. Not pressure_rising_beyond, of which its own examples are
# made: that wants the mean of a whole minute above the threshold as well, and any trouble here is over by then.
oomd_rules() {
    mkdir -p /etc/oomd
    # Debian's own has --cgroup-fs=/sys/fs/cgroup/unified, which is for hosts with both versions of cgroups: others have no
    # such folder, and oomd gives up.
    echo 'DAEMON_OPTS="--interval 1 --config /etc/oomd/oomd.json"' >/etc/default/oomd
    cat >/etc/oomd/oomd.json <<'END_'
{
  "rulesets": [
    {
      "name": "memory pressure",
      "detectors": [
        [ "pressure",
          { "name": "pressure_above", "args": { "cgroup": "system.slice,batch.slice", "resource": "memory", "threshold": "20", "duration": "2" } } ]
      ],
      "actions": [
        { "name": "kill_by_memory_size_or_growth", "args": { "cgroup": "system.slice/*,batch.slice/*", "size_threshold": "0", "growing_size_percentile": "80", "min_growth_ratio": "1" } }
      ]
    },
    {
      "name": "low swap",
      "detectors": [
        [ "swap", { "name": "swap_free", "args": { "threshold_pct": "10" } } ]
      ],
      "actions": [
        { "name": "kill_by_swap_usage", "args": { "cgroup": "system.slice/*,batch.slice/*" } }
      ]
    }
  ]
}
END_
}

agent_start() { # NAME
    AGENT_UNIT=
    case $1 in
    none) return 0 ;;
    memstalld) AGENT_UNIT=memstalld.service ;;
    systemd-oomd) AGENT_UNIT=systemd-oomd.service; managed_slices ;;
    systemd-oomd-tuned)
        AGENT_UNIT=systemd-oomd.service
        mkdir -p /run/systemd/oomd.conf.d
        printf '[OOM]\nDefaultMemoryPressureDurationSec=2s\nDefaultMemoryPressureLimit=20%%\n' >/run/systemd/oomd.conf.d/50-tuned.conf
        managed_slices
        ;;
    earlyoom | nohang) AGENT_UNIT=$1.service ;;
    oomd) AGENT_UNIT=oomd.service; oomd_rules ;;
    *) fail "no agent $1" ;;
    esac
    systemctl unmask -q "$AGENT_UNIT" systemd-oomd.socket # the guests have systemd-oomd masked
    systemctl start "$AGENT_UNIT" || fail "$1 did not start"
    sleep 3
    is_active "$AGENT_UNIT" || { show_journal "$AGENT_UNIT"; fail "$1 does not run"; }
}

agent_stop() { [ -z "$AGENT_UNIT" ] || systemctl stop "$AGENT_UNIT"; }

# ---- What it costs

agent_processes() { cat "$(cgroup_of "$AGENT_UNIT")/cgroup.procs"; }

# How often it went to sleep and woke up again, all its threads together.
agent_wakeups() {
    local pid
    for pid in $(agent_processes); do cat /proc/"$pid"/task/*/status 2>/dev/null; done |
        awk '/^(non)?voluntary_ctxt_switches/ { n += $2 } END { print n + 0 }'
}
agent_cpu_usec() { awk '$1 == "usage_usec" { print $2 }' "$(cgroup_of "$AGENT_UNIT")/cpu.stat"; }
agent_peak_kib() { echo $(($(cat "$(cgroup_of "$AGENT_UNIT")/memory.peak") / 1024)); }

# Of its processes, KiB or a number.
agent_status() { # Vm…
    local pid
    for pid in $(agent_processes); do cat "/proc/$pid/status"; done | awk -v field="$1:" '$1 == field { n += $2 } END { print n + 0 }'
}
agent_descriptors() {
    local pid n=0
    for pid in $(agent_processes); do n=$((n + $(find "/proc/$pid/fd" -mindepth 1 | wc -l))); done
    echo "$n"
}
