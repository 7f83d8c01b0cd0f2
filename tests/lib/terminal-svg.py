#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal-svg.py FILE [TITLE] >PICTURE.svg: what script(1) has taken down of a terminal, as a picture. Of a program that
draws over its own screen it shows the last whole one. For man/*.svg: tests/vm/scenarios/first-hour.scenario takes down
what they show (build/vm/trixie/first-hour/screens/*.ansi)."""
import re
import sys
from xml.sax.saxutils import escape

WIDTH, HEIGHT, MARGIN = 8.4, 18, 14  # of a character of 14 px, and around it
BACKGROUND, FOREGROUND = "#1d2021", "#d5c4a1"
BLOCKS = "▁▂▃▄▅▆▇█"
COLORS = {31: "#fb4934", 32: "#b8bb26", 33: "#fabd2f", 34: "#83a598", 35: "#d3869b", 36: "#8ec07c"}


def last_screen(text):
    """What is there once all is printed, or before the program gives the terminal back."""
    text = text.split("\x1b[?1049l")[0] if "\x1b[?1049h" in text else text
    frames = re.split(r"\x1b\[H|\x1b\[2J", text)
    text = max(frames[-2:], key=len)  # the last one may have been cut off
    return [line.rstrip("\r") for line in text.rstrip().split("\n")]


def runs(line, style):
    """(first column, text, style) of each piece of one style; `style` goes on from line to line."""
    column = 0
    for piece in re.split(r"(\x1b\[[0-9;?]*[a-zA-Z])", line):
        if not piece.startswith("\x1b"):
            for part in re.findall(f"[{BLOCKS}]+|[^{BLOCKS}]+", piece):
                yield column, part, dict(style)
                column += len(part)
        elif piece.endswith("m"):
            for code in [int(c or 0) for c in piece[2:-1].split(";")]:
                if code == 0:
                    style.clear()
                elif code in COLORS:
                    style["color"] = COLORS[code]
                elif code in (1, 2, 7):
                    style[{1: "bold", 2: "dim", 7: "reverse"}[code]] = True


def draw(row, column, text, style):
    x, y, width = MARGIN + column * WIDTH, MARGIN + row * HEIGHT, len(text) * WIDTH
    color = style.get("color", FOREGROUND)
    if style.get("reverse"):
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}" fill="{color}"/>'
        color = BACKGROUND
    if not text.strip():
        return
    if text[0] in BLOCKS:  # drawn, for fonts leave gaps between the lines
        for i, block in enumerate(text):
            part = HEIGHT * (BLOCKS.index(block) + 1) / len(BLOCKS)
            yield (f'<rect x="{x + i * WIDTH:.1f}" y="{y + HEIGHT - part:.1f}" width="{WIDTH + 0.2:.1f}" height="{part:.1f}" '
                   f'fill="{color}"/>')
        return
    more = ' font-weight="bold"' if style.get("bold") else ""
    more += ' opacity="0.65"' if style.get("dim") else ""
    yield (f'<text x="{x:.1f}" y="{y + HEIGHT - 5}" textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs" fill="{color}"{more} '
           f'xml:space="preserve">{escape(text)}</text>')


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace", newline="") as file:
        text = file.read()
    lines = last_screen(re.sub(r"^Script started.*\n|\nScript done.*", "", text))
    plain = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in lines]
    width, height = max(map(len, plain)) * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    title = sys.argv[2] if len(sys.argv) > 2 else ""
    print("<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->")
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" viewBox="0 0 {width:.0f} {height}" '
          f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" role="img">')
    print(f"<title>{escape(title)}</title>\n"
          f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>')
    style = {}
    for row, line in enumerate(lines):
        for column, piece, shown in runs(line, style):
            for element in draw(row, column, piece, shown):
                print(element)
    print("</svg>")


main()
