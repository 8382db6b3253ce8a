"""The figures of scripts/bench_scale.py as a picture: processor time over images.

Of all cores together: a busy machine changes it less than what the clock says. Both axes go by powers.
"""

from __future__ import annotations

import math
from typing import Any

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 64, 24, 150, 52
LINES = (("exact_cpu_ms", "compare with all", "#b45309"), ("cpu_p50_ms", "as searched", "#1d4ed8"))


def plot(rows: list[dict[str, Any]]) -> str:
    """SVG of sizes (at least one), which `measure` has measured."""
    times = [row[key] for row in rows for key, _, _ in LINES]
    x = _scale([row["n"] for row in rows], LEFT, WIDTH - RIGHT)
    y = _scale(times, HEIGHT - BOTTOM, TOP)
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    powers = range(math.floor(math.log10(min(times))), math.ceil(math.log10(max(times))) + 1)
    for value in (step * 10.0**power for power in powers for step in (1, 2, 5)):
        if TOP <= (at := y(value)) <= HEIGHT - BOTTOM:
            parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#e5e7eb"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g} ms</text>')
    for row in rows:
        at = x(row["n"])
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#f3f4f6"/>')
        parts.append(
            f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_short(row["n"])}</text>'
        )
    for key, name, colour in LINES:
        points = [(x(row["n"]), y(row[key])) for row in rows]
        path = "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{colour}"/>' for across, down in points
        ]
        across, down = points[-1]
        parts.append(f'<text x="{across + 8:.1f}" y="{down + 4:.1f}" fill="{colour}">{name}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 12}" text-anchor="middle">images</text>')
    parts.append(f'<text x="{LEFT}" y="14">processor time of one query, all cores together</text>')
    return "\n".join([*parts, "</svg>", ""])


def _scale(values: list[float], start: float, end: float) -> Any:
    """From a value to its place between start and end, by its logarithm."""
    low, high = math.log10(min(values)) - 0.1, math.log10(max(values)) + 0.1
    return lambda value: start + (math.log10(value) - low) / (high - low) * (end - start)


def _short(count: int) -> str:
    return f"{count / 1e6:g} M" if count >= 1_000_000 else f"{count / 1000:g} k"
