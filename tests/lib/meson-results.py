# SPDX-License-Identifier: LGPL-2.1-or-later
"""meson-results.py TESTLOG: one line a test out of meson's testlog.json: PASS|FAIL|SKIP and the name."""
import json
import sys

WORDS = {"OK": "PASS", "EXPECTEDFAIL": "PASS", "SKIP": "SKIP"}

with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        print(WORDS.get(test["result"], "FAIL"), test["name"].split(" / ")[-1].replace(" ", "-"))
