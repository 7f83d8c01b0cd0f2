/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What one step brings about: the list, and the names in it, which stay valid until the next step though what they name
 * may be gone. */

#include "core/core-private.h"

bool effects_have_room(const Core *core) {
        return core->effects.n_items + EFFECTS_SPARE <= EFFECTS_MAX;
}

Effect *effects_add(Core *core, EffectKind kind) {
        Effect *e = core->effects.items + core->effects.n_items;

        assert(core->effects.n_items < EFFECTS_MAX);
        *e = (Effect){ .kind = kind };
        core->effects.n_items++;
        return e;
}

void effects_keep(Core *core, Node *node) {
        if (core->n_graves < GRAVES_MAX)
                core->graves[core->n_graves++] = node_ref(node);
}

void effects_clear(Core *core) {
        core->effects.n_items = 0;
        while (core->buried) {
                Watch *w = core->buried;

                core->buried = w->next_buried;
                watch_free(w);
        }
        while (core->n_graves > 0)
                node_unref(core->graves[--core->n_graves]);
}
