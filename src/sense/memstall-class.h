/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bpf/memstall.h"
#include "core/stall.h"
#include "sense/kallsyms.h"

/* What kind of stall a kernel stack is: by the innermost function that is known to call
 * psi_memstall_enter(), or that compilers fold such a function into. The table covers Linux 5.15 to 7.2;
 * nothing here needs BPF. */

/* The class of one function, by its name as in kallsyms: a suffix (.isra, .constprop, .part, .cold, .llvm
 * ...) and " [MODULE]" do not count. STALL_OTHER for one that says nothing. */
StallClass memstall_class_of_function(const char *name);

/* The first of `n` frames (return addresses, innermost first) that is the kernel's own: past the BPF
 * program, its trampoline and psi_memstall_leave(). At most n. */
size_t memstall_trim_stack(const Kallsyms *k, const uint64_t *frames, size_t n);

/* The stack as lines of text without an end of line at the end, trimmed, with "0x..." for an address in no
 * known function. Trampolines in the middle are those of hooks, ours or others', and are left out with the
 * second mention of the function that they hook. What does not fit is left out by whole lines. Returns the
 * length. */
size_t memstall_stack_text(const Kallsyms *k, const uint64_t *frames, size_t n, char *buf, size_t size);

/* The class of a whole stack, untrimmed; STALL_OTHER where no frame says. */
StallClass memstall_class_of_stack(const Kallsyms *k, const uint64_t *frames, size_t n);

/* Where the functions lie that, on its stack, make a wait of a page fault one for swap or for a file. */
void memstall_find_places(const Kallsyms *k, MemstallPlaces *ret);
