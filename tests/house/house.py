# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the house checks share: the files of the tree, and a verdict."""
import os
import re
import subprocess
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def files(root):
    """The paths of the tree's files, relative to its root: what git tracks or would, without what it ignores.
    A tree without git (a release) is taken as it is, without build folders."""
    git = ["git", "-C", root, "-c", f"safe.directory={root}", "ls-files", "-z"]
    try:
        listed = subprocess.run(git + ["--cached", "--others", "--exclude-standard"], check=True, capture_output=True)
        paths = listed.stdout.decode().split("\0")
        return sorted(path for path in set(paths) if path and os.path.isfile(os.path.join(root, path)))
    except (OSError, subprocess.CalledProcessError):
        pass

    found = []
    for folder, below, names in os.walk(root):
        below[:] = [b for b in below if b != ".git" and not (folder == root and b.startswith("build"))]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def includes(root, path):
    """Each include of the file: (its line, whether it is a system's, its name)."""
    text = read(root, path)
    return [(text.count("\n", 0, match.start(2)) + 1, match.group(1) == "<", match.group(2))
            for match in INCLUDE.finditer(text)]


def verdict(wrong):
    """Prints what is wrong, one a line; ends the check."""
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)
