#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later

# The manual pages know every word that people and programs hang on: sections and keys of the language, verbs, fields
# of journal records, kinds of causes, stalls and outcomes.
# Usage: test-man.sh SOURCE-ROOT

set -u
cd "$1" || exit 99
failed=0

# documented PAGE WHAT: each line of the input is a word that the page has to hold.
documented() {
        n=0
        while read -r word; do
                n=$((n + 1))
                if ! grep -qE -e "(^|[^A-Za-z_-])$word($|[^A-Za-z_-])" "man/$1"; then
                        echo "man/$1 lacks the $2 $word"
                        failed=1
                fi
        done
        if [ "$n" -eq 0 ]; then
                echo "found no $2 in the sources to look for"
                failed=1
        fi
}

# Here-documents rather than pipes, so that `failed` is set in this shell.
documented memstalld.policy.5 key <<END
$(sed -nE 's/^ *\[(POLICY|MATCH|VICTIM|STEP_KEY|CONDITION)_[A-Z_]+\] = \{ "([A-Za-z]+)".*/\2=/p' src/config/policy-file.c src/config/policy-step.c)
END
documented memstalld.conf.5 key <<END
$(sed -nE 's/^ *\[KEY_[A-Z_]+\] = \{ "([A-Za-z]+)".*/\1=/p' src/config/settings-file.c)
END
documented memstalld.policy.5 word <<END
$(sed -nE 's/^ *\[(ACTION|RANK|PRESSURE|GRAIN|MEMORY_EVENT|CAUSE)_[A-Z_]+\] = "([a-z-]+)".*/\2/p' src/core/policy.c | grep -v unknown)
END
documented memstalld.8 word <<END
$(grep -oE '\[(CAUSE|ROLE|OUTCOME|VIA|RELEASE|REFUSAL|STALL)_[A-Z_]+\] = "[a-z-]+"' src/core/words.c |
        sed -E '/VIA_NONE/d; s/.*"(.*)"/\1/')
END
documented memstalld.8 field <<END
$(grep -ohE '"MEMSTALLD_[A-Z_]+"' src/act/*.c | tr -d '"' | sort -u)
END
documented memstallctl.1 verb <<END
$(sed -nE 's/^ *\{ "([a-z-]+)", .*verb_[a-z_]+ \},/\1/p' src/ctl/verbs.c)
END

exit $failed
