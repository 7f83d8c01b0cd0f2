#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-story.sh MEMSTALLCTL: memstallctl explain INCIDENT and incidents, as they are typed. Each folder of story/ holds records
# as journalctl -o export prints them, and what is to be told of them; `test-story.sh MEMSTALLCTL --update` writes that anew.
set -uo pipefail

ctl=$(realpath "$1")
update=${2:-}
stories=$(realpath "$(dirname "${BASH_SOURCE[0]}")")/story
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
export TZ=UTC LC_ALL=C TERM=dumb
failed=0

expect() { # STATUS ARGUMENT...: runs memstallctl; what it says is in out and err
    local expected=$1 status=0
    shift
    "$ctl" "$@" >out 2>err </dev/null || status=$?
    [ "$status" = "$expected" ] && return
    echo "memstallctl $*: status $status instead of $expected"
    cat out err
    failed=1
}

says() { # FILE REGEX
    grep -Eq -- "$2" "$1" && return
    echo "nothing like \"$2\" in:"
    cat "$1"
    failed=1
}

# ---- Stories

n=0
for story in "$stories"/*/; do
    n=$((n + 1))
    expect 0 explain --file="$story/records" last
    [ -z "$update" ] || cp out "$story/expect"
    diff -u "$story/expect" out || { echo "$story: told otherwise"; failed=1; }
    if [ "$(wc -L <out)" -gt 80 ]; then
        echo "$story: wider than 80 columns"
        failed=1
    fi
    expect 0 explain --file="$story/records" --json last
    python3 -c 'import json, sys; s = json.load(open("out")); assert len(s["incident"]) == 32 and s["deeds"], s' || failed=1
done
[ "$n" -ge 9 ] || { echo "only $n stories"; failed=1; }

# ---- Which one

cat "$stories"/{throttle,kernel,freeze-kill}/records >three
expect 0 explain --file=three 8c9c
says out '^batch.slice ran into its memory limit; hog.service was throttled, which helped$'
expect 0 explain --file=three 8c9c1b4ff2f84f0f8ae1f4a2c7d9b0ea
"$ctl" explain --file=- 7777 <three | grep -q "OOM killer killed leak" || { echo "standard input is not read"; failed=1; }
expect 1 explain --file=three 1234
says err 'tells of no incident 1234; .*write 1234\.service'
sed 's/8c9c1b4ff2f84f0f8ae1f4a2c7d9b0ea/8c9c1b4ff2f84f0f8ae1f4a2c7d9b0eb/' "$stories/throttle/records" >other
cat other >>three
expect 1 explain --file=three 8c9c
says err 'more than one incident begins with 8c9c'
: >none
expect 1 explain --file=none last
says err 'tells of no incident$'
expect 1 explain --file=nowhere last
says err 'nowhere: No such file'
expect 1 explain --file="$ctl" last
says err ':1: is not what journalctl -o export prints'
expect 2 explain
expect 2 explain a b
expect 2 explain --nonsense
expect 2 explain --file=three hog.service
expect 0 explain --help

# ---- The chart, from the trace that memstalld kept

mkdir -p root/var/lib/memstalld/incidents
trace=root/var/lib/memstalld/incidents/8c9c1b4ff2f84f0f8ae1f4a2c7d9b0ea.trace
cat >"$trace" <<'END'
memstalld-trace 1
time=100.000000 event=new cgroup=20 kind=slice path=/batch.slice unit=batch.slice
time=100.000000 event=new cgroup=21 kind=unit path=/batch.slice/hog.service unit=hog.service
time=100.000000 event=sample cgroup=20 cause=requested some=10.000000
time=110.000000 event=sample cgroup=20 cause=requested some=10.000000
time=115.000000 event=survey cgroup=20 some=12.500000
time=115.000000 effect=act id=1 action=throttle policy=50-batch step=slow watch=batch.slice victim=hog.service
time=115.000002 effect=act id=2 action=kill policy=x step=slow watch=other.slice victim=hog.service
time=116.000000 event=something of=a.newer.version
time=120.000000 event=sample cgroup=20 cause=requested some=12.500000
time=125.000000 event=sample cgroup=21 cause=requested some=99.000000
time=130.000000 event=sample cgroup=20 cause=requested some=12.500000
time=130.000000 effect=release action=throttle reason=calm policy=50-batch step=slow watch=batch.slice victim=hog.service
END
expect 0 explain --file="$stories/throttle/records" --root=root last
tail -n 6 out >chart
cat >expected <<'END'
      50% |                    ##########
          |                    ##########
       0% |                    ##########
                                         t                            u
           0s                                                       30s
          share of time stalled, t throttle, u release
END
sed -i 's/ *$//' chart expected
diff -u expected chart || failed=1
LC_ALL=C.UTF-8 "$ctl" explain --file="$stories/throttle/records" --root=root last >out
says out '│                    ██████████$'
expect 0 explain --file="$stories/throttle/records" --root=root --json last
python3 - <<'END' || failed=1
import json
chart = json.load(open("out"))["chart"]
assert chart["span_usec"] == 30000000 and len(chart["shares"]) == 60, chart
assert chart["shares"][19:31] == [0] + [5000] * 10 + [0], chart
END

# ---- The list

cat "$stories"/*/records >all
expect 0 incidents --file=all
cp out list
[ "$(wc -l <list)" = $((n + 1)) ] || { echo "not $n incidents"; cat list; failed=1; }
says list '^2026-11-23 03:12  8c9c1b4f  batch\.slice +slice-limit +throttle, helped +hog\.service$'
says list '^2026-11-23 03:12  77770000  the host +unit-limit +kill by kernel +hog\.service$'
says list '^2026-11-23 03:12  d0d0d0d0  the host +host-short +kill, dry-run +hog\.service$'
[ "$(tail -n 1 list | cut -c 1-26)" = '2026-11-23 03:12  99991111' ] || { echo "the newest is not last"; cat list; failed=1; }
expect 0 incidents --file=all -n 1
[ "$(wc -l <out)" = 2 ] || { cat out; failed=1; }
says out 99991111
expect 0 incidents --file=all --unit=db
says out '5e5e5e5e'
expect 0 incidents --file=all --unit=hog
[ "$(grep -c hog.service out)" = "$(grep -c hog.service list)" ] || failed=1
expect 0 incidents --file=all --unit=nobody
says out '^No incident of that kind\.$'
expect 0 incidents --file=all --since='2026-11-23 03:12:20' --until='2026-11-23 04:00'
[ "$(wc -l <out)" -lt $((n + 1)) ] || { cat out; failed=1; }
expect 0 incidents --file=all --since='2026-11-24'
says out '^No incident'
expect 0 incidents --file=all --json
python3 -c 'import json; s = json.load(open("out")); assert len(s) == '$n' and s[-1]["incident"].startswith("9999"), s' || failed=1
expect 0 incidents --file=none
says out '^No incident\.$'
expect 0 incidents --file=none --json
expect 2 incidents --since=whenever
says err '--since=whenever is no time'
expect 2 incidents --lines=0
expect 2 incidents word
expect 0 incidents --help

exit $failed
