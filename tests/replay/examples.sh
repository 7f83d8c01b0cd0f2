#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later

# What the policies in conf/examples/ do in the situation that each is for: who pays, by what, in which order, and who
# never does. Usage: examples.sh TEST-REPLAY EXAMPLES

set -u

replay=$(realpath "$1")
examples=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 99
failed=0

# play NAME <<WORLD: what the policy decides there is in the file `acts`, one "ACTION VICTIM" a line.
play() {
    name=$1
    rm -rf world
    mkdir world
    cp "$examples/$name.conf" world/
    cat >world/world
    : >world/expect
    if ! "$replay" --update world >output 2>&1; then
        echo "$name: no replay"
        cat output
        failed=1
    fi
    sed -nE 's/.* effect=act .* action=([a-z]+) .* victim=([^ ]+) .*/\1 \2/p' world/expect >acts
}

# acts TEXT: all that was decided, in its order.
acts() {
    if [[ $(cat acts) != "$1" ]]; then
        printf '%s:\n%s\ninstead of\n%s\n' "$name" "$(cat acts)" "$1"
        failed=1
    fi
}

# ---- A leak on the host: ends before the memory does -----------------------------------------

play 90-host-without-swap <<END
host total=2G
unit large.service usage=600M
unit session-1.scope usage=50M
unit leak.service usage=10M
at 30s unit leak.service grow=60M
end 90s
END
acts 'log leak.service
kill leak.service'

play 10-database <<END
host total=4G
unit postgresql@16-main.service usage=2G
unit web.service usage=200M
unit leak.service usage=10M
at 30s unit leak.service grow=60M
end 90s
END
acts 'kill leak.service'

play 40-container-host <<END
host total=4G
unit docker-aaa.scope usage=500M
unit docker-bbb.scope usage=700M
unit postgresql.service usage=1500M
at 5s unit docker-aaa.scope grow=50M
at 25s unit docker-bbb.scope some=20% full=5%
end 60s
END
acts 'log docker-aaa.scope
throttle docker-aaa.scope
kill docker-aaa.scope'

# Of services on a container host nobody is touched, whatever they take.
play 40-container-host <<END
host total=4G
unit docker-aaa.scope usage=500M
unit hog.service usage=1500M
at 5s unit hog.service grow=20M
at 30s unit hog.service some=60% full=40%
end 40s
END
if grep -q 'hog\.service' acts; then
    echo "40-container-host: touches a service"
    cat acts
    failed=1
fi

# ---- Pressure with memory to spare: somebody fights a limit of his own -----------------------

for policy in 40-container-host 90-host-without-swap; do
    play "$policy" <<END
host total=8G
unit other.service usage=500M
unit docker-aaa.scope usage=200M
unit tight.service usage=500M
at 5s unit tight.service some=80% full=60%
end 60s
END
    acts ''
done

play 20-web-and-batch <<END
host total=4G
slice batch.slice
slice web.slice
unit nginx.service in=web.slice usage=500M
unit batch-a.service in=batch.slice usage=300M
at 20s unit nginx.service some=60% full=40% class=memcg-max limit-of=nginx.service max=100
end 60s
END
acts ''

# The database stalls since others push its pages out: it is protected, and they are left alone.
play 10-database <<END
host total=8G
unit postgresql@16-main.service usage=2G
unit backup.service usage=100M
at 5s unit postgresql@16-main.service some=60% full=40% calms=yes
end 60s
END
sort -u acts >once
mv once acts
acts 'protect postgresql@16-main.service'

# ---- Ladders ---------------------------------------------------------------------------------

# Slow and steady: the milder steps first, and the database never.
play 10-database <<END
host total=4G
unit postgresql@16-main.service usage=2G
unit leak.service usage=1200M
at 10s unit leak.service grow=5M
at 40s unit postgresql@16-main.service some=20% full=5%
at 90s unit postgresql@16-main.service some=60% full=30%
end 110s
END
acts 'protect postgresql@16-main.service
throttle leak.service
kill leak.service'

# All jobs at once give way, then the worst of them ends; other services are left alone.
play 20-web-and-batch <<END
host total=4G
slice batch.slice
slice web.slice
unit nginx.service in=web.slice usage=500M
unit batch-a.service in=batch.slice usage=300M
unit batch-b.service in=batch.slice usage=900M
unit other.service usage=1200M
at 5s unit batch-a.service grow=20M
at 20s unit nginx.service some=10% class=direct-reclaim
at 30s unit nginx.service some=40% full=10% class=direct-reclaim
at 50s unit nginx.service some=60% full=40% class=direct-reclaim
end 62s
END
acts 'throttle batch.slice
freeze batch.slice
kill batch-a.service'

play 30-ci-runner <<END
host total=8G
slice ci.slice limit=4G
unit runner1.service in=ci.slice usage=500M
unit runner2.service in=ci.slice usage=500M
at 5s unit runner2.service grow=100M
at 30s unit runner1.service some=40% full=30%
at 40s unit runner1.service some=80% full=70%
end 50s
END
acts 'freeze runner2.service
kill runner2.service'
if ! grep -q 'action=kill .* grain=process ' world/expect; then
    echo "30-ci-runner: kills more than one process"
    failed=1
fi

play 50-batch <<END
host total=8G
slice batch.slice limit=4G
unit a.service in=batch.slice usage=500M
unit b.service in=batch.slice usage=500M
unit batch-index.service in=batch.slice usage=1G
at 5s unit b.service grow=70M
at 30s unit a.service some=40% full=30%
at 40s unit a.service some=80% full=70%
end 50s
END
acts 'throttle b.service
freeze b.service
kill b.service'

play 60-desktop-sessions <<END
host total=4G
slice user-1000.slice
slice user-1001.slice
unit session-1.scope in=user-1000.slice usage=500M
unit app-browser.scope in=user-1000.slice usage=900M
unit app-other.scope in=user-1001.slice usage=900M
at 5s unit app-browser.scope grow=30M
at 40s unit session-1.scope some=40% full=30%
at 50s unit session-1.scope some=80% full=70%
at 61s unit session-1.scope some=0% full=0%
end 90s
END
acts 'throttle app-browser.scope
kill app-browser.scope'

# A container that hangs under its limit; the one beside it is left alone.
play 41-container-limits <<END
host total=8G
unit docker-aaa.scope usage=500M limit=510M
unit docker-bbb.scope usage=700M
at 5s unit docker-aaa.scope some=95% full=90% class=refault max=20
end 100s
END
acts 'log docker-aaa.scope
kill docker-aaa.scope'

# For a week nothing is done, whatever happens.
play 00-shadow-week <<END
host total=2G
unit leak.service usage=10M
at 5s unit leak.service grow=60M some=60% full=40%
end 60s
END
if [[ ! -s acts ]] || grep 'effect=act ' world/expect | grep -qv 'dry-run=yes'; then
    echo "00-shadow-week: acts, or sees nothing"
    cat world/expect
    failed=1
fi

exit $failed
