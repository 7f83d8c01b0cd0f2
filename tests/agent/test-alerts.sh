#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# test-alerts.sh PROGRAM FOLDER: the dashboard and the alerts of FOLDER speak of metrics and labels that PROGRAM prints; where
# Prometheus is installed its promtool checks the alerts and the text.
set -euo pipefail

readonly program=$1 folder=$2
text=$("$program" print)
python3 - "$folder/grafana.json" "$folder/memstalld.rules.yml" <<END_
import json
import re
import sys

text = r'''$text'''
known = {}
for name, labels in re.findall(r"^(memstalld_\w+)(?:\{(.*)\})? ", text, re.MULTILINE):
    known.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
dashboard = json.load(open(sys.argv[1]))
queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
queries += re.findall(r"expr: (.*)", open(sys.argv[2]).read())
assert len(queries) > 10, queries
used = set()
for query in queries:
    names = set(re.findall(r"memstalld_\w+", query))
    assert names and names <= set(known), (query, names - set(known))
    labels = set(re.findall(r'(\w+)=~?"', query)) | {
        label for by in re.findall(r"by \(([^)]*)\)", query) for label in by.split(", ")}
    assert labels <= {"instance"}.union(*(known[name] for name in names)), query
    used |= names
assert "memstalld_stall_seconds_total" in used and "memstalld_decision_latency_seconds_bucket" in used
END_
command -v promtool >/dev/null || exit 0
promtool check rules "$folder/memstalld.rules.yml"
promtool check metrics <<<"$text" || [ $? = 3 ] # 3: it has a wish about names or texts
