#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-replay.sh MEMSTALLCTL: memstallctl replay as it is typed, on a trace as the daemon records it.
set -euo pipefail

readonly CTL=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/same" "$dir/other" "$dir/broken" "$dir/empty" "$dir/root/var/lib/memstalld/incidents"

policy() { # ACTION PERCENT
    printf '[Match]\nSlice=batch.slice\n[Victim]\nRank=usage\n[Step]\nName=slow\nPressure=some %s 2s\nAction=%s\n' "$2" "$1"
}
policy throttle 10% >"$dir/same/batch.conf"
policy kill 10% >"$dir/other/batch.conf"
policy explode 10% >"$dir/broken/batch.conf"

cat >"$dir/trace" <<'END'
memstalld-trace 1
time=100.000000 start=daemon seed=00000000000000000000000000000000 dry-run=no version=1 kernel=6 systemd=257
time=100.000000 event=new cgroup=1 kind=host path=/ unit=-.slice
time=100.000000 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice
time=100.000000 event=sample cgroup=20 cause=requested usage=300M
time=100.000000 event=new cgroup=21 kind=unit path=/batch.slice/a.service unit=a.service
time=100.000000 event=new cgroup=22 kind=unit path=/batch.slice/b.service unit=b.service
time=110.000000 event=sample cgroup=20 cause=trigger:some:10%:2.000000 some=0.300000 usage=400M
time=110.000100 event=survey cgroup=20 some=0.300100 usage=400M candidate=21:100M:0:0 candidate=22:300M:0:0
END

fail() {
    echo "$*" >&2
    exit 1
}

expect() { # STATUS WORDS... : runs memstallctl replay, output in $dir/out
    local status=$1 got=0
    shift
    "$CTL" replay "$@" >"$dir/out" 2>"$dir/err" </dev/null || got=$?
    [ "$got" = "$status" ] || fail "replay $*: exit status $got, not $status: $(cat "$dir/out" "$dir/err")"
}

says() { # FILE REGEX
    grep -Eq -- "$2" "$dir/$1" || fail "nothing like \"$2\" in: $(cat "$dir/$1")"
}

expect 0 --help
expect 2
expect 2 a b
expect 2 --incident=xyz
expect 2 --incident=00000000000000000000000000000001 "$dir/trace"
expect 1 "$dir/nothing"
expect 1 --policy-dir "$dir/empty" "$dir/trace"
expect 1 --policy-dir "$dir/broken" "$dir/trace"
says err 'batch.conf:8: Action='

# In effect, a file with mistakes is left out, as memstalld leaves it out.
mkdir -p "$dir/half/etc/memstalld/policy.d"
cp "$dir/same/batch.conf" "$dir/half/etc/memstalld/policy.d/"
cp "$dir/broken/batch.conf" "$dir/half/etc/memstalld/policy.d/worse.conf"
expect 0 --root "$dir/half" "$dir/trace"
says err 'worse.conf:8: Action='
says out '#1 throttle b\.service'

# What this policy decides is what memstalld decided then: written into the trace, it is the same.
expect 0 --policy-dir "$dir/same" --root "$dir/root" "$dir/trace"
says out '^ *10\.000s \+  #1 throttle b\.service, MemoryHigh:[0-9]+, of batch\.slice, by batch/slow, Pressure:10%'
expect 0 --policy-dir "$dir/same" --root "$dir/root" --json "$dir/trace"
says out '"side":"now".*"effect":"act".*"victim":"b.service".*"saw":\["Pressure:10%"\]'
set_to=$(grep -o 'MemoryHigh:[0-9]*' "$dir/out" | head -n 1)
rank=$(grep -o '"rank":"[a-z]*"' "$dir/out" | head -n 1 | cut -d'"' -f4)
echo "time=110.000100 effect=act id=7 action=throttle policy=batch step=slow watch=batch.slice victim=b.service count=1" \
    "set=$set_to cause=unknown rank=$rank candidates=2 saw=Pressure:10% incident=5" >>"$dir/trace"
echo "time=110.010000 event=gone cgroup=21" >>"$dir/trace"
expect 0 --policy-dir "$dir/same" --root "$dir/root" "$dir/trace"
says out '^ *10\.000s =  #1 throttle b\.service'
expect 0 --policy-dir "$dir/same" --root "$dir/root" --check "$dir/trace"
[ ! -s "$dir/out" ] || fail "--check is not silent"

# On a terminal what is printed for people goes to a pager.
python3 - "$CTL" --policy-dir="$dir/same" --root="$dir/root" "$dir/trace" <<'END'
import os, pty, sys

def is_paged(*options):
    pid, fd = pty.fork()
    if pid == 0:
        env = {"PATH": os.environ["PATH"], "TERM": "xterm", "SYSTEMD_PAGERSECURE": "0", "SYSTEMD_PAGER": "sed s/^/paged:/"}
        os.execve(sys.argv[1], [sys.argv[1], "replay", *options, *sys.argv[2:]], env)
    text = b""
    while True:
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0 or b"throttle" not in text:
        sys.exit(f"replay {options} on a terminal: exit status {status}, {text}")
    return b"paged:" in text

for options, expected in ((), True), (("--no-pager",), False), (("--json",), False):
    if is_paged(*options) != expected:
        sys.exit(f"replay {options} is {'not ' if expected else ''}paged")
END

cp "$dir/trace" "$dir/root/var/lib/memstalld/incidents/0123456789abcdef0123456789abcdef.trace"
expect 0 --policy-dir "$dir/other" --root "$dir/root" --incident 0123456789abcdef0123456789abcdef
says out '^ *10\.000s -  #7 throttle b\.service'
says out '^ *10\.000s \+  #1 kill b\.service'
incidents=$dir/root/var/lib/memstalld/incidents
cp "$dir/trace" "$incidents/0123ffffffffffffffffffffffffffff.trace"
echo "no trace" >"$incidents/ffff0000000000000000000000000000.trace"
touch -d yesterday "$incidents/0123456789abcdef0123456789abcdef.trace" "$incidents/ffff0000000000000000000000000000.trace"
expect 0 --policy-dir "$dir/other" --root "$dir/root" --incident 01234
expect 0 --policy-dir "$dir/other" --root "$dir/root" --incident last
expect 1 --policy-dir "$dir/other" --root "$dir/root" --incident 0123
says err 'more than one incident'
expect 1 --policy-dir "$dir/other" --root "$dir/root" --incident 9999
says err 'no trace was kept'
expect 2 --policy-dir "$dir/other" --root "$dir/root" --incident 012
expect 1 --policy-dir "$dir/other" --root "$dir/root" --check "$dir/trace"

echo "time=111.000000 lost=3" >>"$dir/trace"
expect 1 --policy-dir "$dir/same" --root "$dir/root" "$dir/trace"
says err 'trace:12: lines are missing'
expect 0 --policy-dir "$dir/same" --root "$dir/root" --force "$dir/trace"
echo "time=112.000000 event=gone cgroup=21 colour=red" >>"$dir/trace"
expect 1 --policy-dir "$dir/same" --root "$dir/root" --force "$dir/trace"
says err 'trace:13: cannot read "colour=red"'

# What others kill.
head -n 8 "$dir/trace" >"$dir/killed"
cat >>"$dir/killed" <<'END'
time=112.000000 event=killed cgroup=21 killer=kernel pid=77 comm=a\x20b count=3
time=112.000100 event=survey cgroup=20 usage=400M stall=21:21:77:memcg-max:0.500000:12
END
expect 0 --policy-dir "$dir/same" --root "$dir/root" "$dir/killed"
says out '^ *12\.000s \+  killed by kernel: a\.service, a b\[77\], count 3, seen of batch\.slice, cause unit-limit, a\.service:77:memcg-max:cause:100%'
expect 0 --policy-dir "$dir/same" --root "$dir/root" --json "$dir/killed"
says out '"effect":"seen".*"killer":"kernel".*"culprit":\["a.service:77:memcg-max:'
