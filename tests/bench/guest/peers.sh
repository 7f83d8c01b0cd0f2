# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2154 # tests/bench/peers sets AGENT and TROUBLE
#
# One agent and one kind of trouble; see tests/bench/peers.

onlooker=/usr/lib/memstalld-tests/onlooker
SPAN=60 REST=5 INNOCENTS=() TURNS=''

# A service that minds its own business, and is to live: 120 MB that it uses.
innocent() { # NAME [systemd-run option]...
    local name=$1
    shift
    unit "$name" "$@" -- "$onlooker" bystand "/run/turns-$name" 120
    wait_for 60 test -s "/run/turns-$name"
    INNOCENTS+=("$name")
    TURNS=/run/turns-$name
}

hog() { # [systemd-run option]... -- COMMAND...
    unit hog.service "$@"
}

# A file on the disk is swap at 300 reads and writes a second: what all services do on the disk comes under that.
slow_swap() {
    swap 500M
    systemctl set-property --runtime system.slice IOReadIOPSMax='/dev/vda 300' IOWriteIOPSMax='/dev/vda 300'
}

zram() {
    modprobe zram
    echo 500M >/sys/block/zram0/disksize
    mkswap -q /dev/zram0
    swapon /dev/zram0
}

leak() { hog -- leak 60; }

# What is there before the trouble begins, and the agent starts.
prepare() {
    case $TROUBLE in
    b) slow_swap ;;
    c) zram ;;
    d) swap 500M ;;
    e) systemctl set-property --runtime batch.slice MemoryHigh=250M MemoryMax=300M ;;
    g) dd if=/dev/zero of=/var/tmp/database bs=1M count=400 status=none; truncate -s 2G /var/tmp/streamed; sync ;;
    esac
    case $TROUBLE in
    e) innocent steady.service --slice=batch.slice ;;
    g)
        unit postgresql.service -- "$onlooker" database /var/tmp/database 400 /run/turns-database
        INNOCENTS+=(postgresql.service)
        TURNS=/run/turns-database
        wait_for 90 test -s /run/turns-database
        sleep 10
        ;;
    *) innocent quiet.service ;;
    esac
}

trouble() {
    case $TROUBLE in
    a | b | c) leak ;;
    d) hog --slice=batch.slice -p MemoryHigh=30M -- stress-ng --vm 4 --vm-bytes 60M --vm-keep ;;
    e) hog --slice=batch.slice -- leak 20 ;;
    f) hog -p TasksMax=infinity -p OOMPolicy=continue -- "$onlooker" fork-bomb 2 ;;
    g) SPAN=30; hog -- "$onlooker" stream /var/tmp/streamed ;;
    h) SPAN=40; hog -- "$onlooker" build 25 90 6 ;;
    esac
}

# memstalld's examples, as they are shipped.
examples() {
    local from=/usr/share/doc/memstalld/examples
    mkdir -p "$ETC/policy.d"
    case $TROUBLE in
    g) cp "$from/10-database.conf" "$ETC/policy.d/" ;;
    *) cp "$from"/{50-batch,90-host-without-swap}.conf "$ETC/policy.d/" ;;
    esac
}

agents_none
examples
prepare
agent_start "$AGENT"
cpu=0 woken=0 peak=0 oom=$(kernel_oom_kills)
[ -z "$AGENT_UNIT" ] || { cpu=$(agent_cpu_usec) woken=$(agent_wakeups); }

cgroups=()
for u in "${INNOCENTS[@]}"; do cgroups+=("$(cgroup_of "$u")"); done
trouble
hog_cgroup=/sys/fs/cgroup$(property hog.service ControlGroup)
"$onlooker" watch "$SPAN" "$REST" "$hog_cgroup" "${cgroups[@]}" >/run/watched
read -r ended bad some full died </run/watched
[ -z "$AGENT_UNIT" ] || { cpu=$(($(agent_cpu_usec) - cpu)) woken=$(($(agent_wakeups) - woken)) peak=$(agent_peak_kib); }
oom=$(($(kernel_oom_kills) - oom))
read -r worst usual < <("$onlooker" turns "$TURNS")
# A build that ends by itself was killed by nobody.
result=$(property hog.service Result)
[ "$TROUBLE" != h ] || { [ "$result" = success ] || died=$((died + 1)); ended=-1; }
say "hog.service: $(property hog.service ActiveState), $result"
[ -z "$AGENT_UNIT" ] || show_journal "$AGENT_UNIT" | tail -n 30
say "RESULT $TROUBLE $AGENT $ended $bad $some $full $worst $usual $died $oom $((cpu / 1000)) $woken $peak"

systemctl kill -s KILL hog.service 2>/dev/null || :
agent_stop
swapoff -a
[ ! -e /sys/block/zram0 ] || echo 1 >/sys/block/zram0/reset
