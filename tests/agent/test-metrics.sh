#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-metrics.sh PROGRAM: what the daemon prints as metrics is OpenMetrics to a parser that others wrote, Debian's
# python3-prometheus-client.
set -euo pipefail

python=/usr/bin/python3
"$python" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null || {
    echo "skipped: no python3-prometheus-client"
    exit 77
}
"$1" print | "$python" -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse

families = {family.name: family for family in parse(sys.stdin.read())}
types = {name: family.type for name, family in families.items()}
assert all(name.startswith("memstalld_") and family.documentation for name, family in families.items()), types
assert types["memstalld_stall_seconds"] == types["memstalld_actions"] == types["memstalld_dropped"] == "counter", types
assert types["memstalld_decision_latency_seconds"] == "histogram", types
assert families["memstalld_stall_seconds"].unit == "seconds"
actions = {tuple(s.labels.values()): s.value for s in families["memstalld_actions"].samples}
assert actions[("50-hog", "freeze", "done")] == 2, actions
assert actions[("a\"b\\c\n\ufffd", "log", "dry-run")] == 1, actions
stalls = {s.labels["unit"]: s.value for s in families["memstalld_stall_seconds"].samples}
assert stalls == {"hog.service": 2.0, "web.service": 1e-9}, stalls
'
