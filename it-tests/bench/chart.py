"""A chart of a run as SVG: for each measure how many times as good as Python's server Zeolite is, on a logarithmic scale."""

import math
from xml.sax.saxutils import escape

WIDTH = 960
LABEL_WIDTH = 300
RIGHT = 90
ROW_HEIGHT = 24
TOP = 64
BAR_HEIGHT = 14
GOOD = "#2a7ab0"
BAD = "#b5523b"
RANGE = "#1d1d1d"
TICKS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


def write(path, measures, summary, subtitle):
    rows = [row for measure in measures for row in _advantages(measure, summary[measure.name])]
    with open(path, "w") as f:
        f.write(_svg(rows, subtitle))


def _advantages(measure, summary):
    """(label, median, lowest, highest) of the rows of a measure that have a ratio, each as a number that is better when it is larger."""
    for row in measure.rows:
        ratio = summary["rows"][row.label].get("ratio")
        if row.charted and ratio and min(ratio.values()) > 0:
            median, lowest, highest = ratio["median"], ratio["lowest"], ratio["highest"]
            if not row.more_is_better:
                median, lowest, highest = 1 / median, 1 / highest, 1 / lowest
            yield f"{measure.name}: {row.label}", median, lowest, highest


def _svg(rows, subtitle):
    low = min([0.5] + [row[2] for row in rows])
    high = max([2] + [row[3] for row in rows])
    ticks = [t for t in TICKS if low <= t <= high]
    height = TOP + ROW_HEIGHT * len(rows) + 30

    def x(value):
        share = math.log(value / low) / math.log(high / low)
        return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - RIGHT)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        '<text x="16" y="22" font-size="16">Zeolite beside Python\'s ZEO server: times as good (right of 1: Zeolite)</text>',
        f'<text x="16" y="40" fill="#555">{escape(subtitle)}</text>',
    ]
    bottom = TOP + ROW_HEIGHT * len(rows)
    for tick in ticks:
        color = "#888" if tick == 1 else "#ddd"
        lines.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="{color}"/>')
        lines.append(f'<text x="{x(tick):.1f}" y="{bottom + 16}" text-anchor="middle" fill="#555">{tick:g}</text>')
    for number, (label, median, lowest, highest) in enumerate(rows):
        middle = TOP + ROW_HEIGHT * number + ROW_HEIGHT / 2
        left, right = sorted((x(1), x(median)))
        color = GOOD if median >= 1 else BAD
        lines += [
            f'<text x="{LABEL_WIDTH - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(label)}</text>',
            f'<rect x="{left:.1f}" y="{middle - BAR_HEIGHT / 2:.1f}" width="{max(1, right - left):.1f}" height="{BAR_HEIGHT}" '
            f'fill="{color}"/>',
            f'<line x1="{x(lowest):.1f}" x2="{x(highest):.1f}" y1="{middle:.1f}" y2="{middle:.1f}" stroke="{RANGE}"/>',
            f'<text x="{WIDTH - RIGHT + 12}" y="{middle + 4:.1f}">{median:.2g}x</text>' if median < 10 else
            f'<text x="{WIDTH - RIGHT + 12}" y="{middle + 4:.1f}">{median:.0f}x</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
