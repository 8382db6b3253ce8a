"""Drawing the fourteen places: each function paints one on a Canvas, its details by the canvas's chance."""

import numpy as np

from data.canvas import Canvas, Colour, Point, ridge


def beach(c: Canvas) -> None:
    """Sky, a strip of sea, sand."""
    c.gradient([(0, (96, 178, 232)), (1, (205, 234, 246))], 0, 0.36)
    clouds(c, 0.36, 0.5)
    c.gradient([(0, (28, 120, 170)), (1, (84, 196, 204))], 0.36, 0.52)
    c.shade(9 * c.noise(4, 90, 2), 0.36, 0.52)
    sand = c.ramp([(0.5, (238, 214, 160)), (1, (222, 186, 124))])
    shore = ridge(c.rng, 0.53, 0.04, 5)
    c.blend(c.mask([[(x, y - 0.012) for x, y in shore]], 0.004), (250, 252, 250), 0.85)
    c.blend(c.mask([shore]), np.broadcast_to(sand, c.pixels.shape))
    c.shade(5 * c.noise(40, 40, 3), 0.54, 1)


def snow(c: Canvas) -> None:
    """Pale sky, white hills, falling flakes."""
    c.gradient([(0, (168, 192, 218)), (1, (226, 234, 243))], 0, 0.5)
    for level, shade in ((0.46, 222), (0.56, 234), (0.7, 246)):
        hill = ridge(c.rng, level, 0.08, 4)
        c.blend(c.mask([hill]), c.ramp([(level, (shade, shade + 4, 252)), (1, (shade - 16, shade - 8, 246))]))
    flakes = [(x, y, 0.003 + 0.006 * r) for x, y, r in c.rng.uniform(0, 1, (110, 3))]
    c.dots(flakes, (255, 255, 255))


def meadow(c: Canvas) -> None:
    """Blue sky over green hills with blades of grass and flowers."""
    c.gradient([(0, (104, 182, 240)), (1, (214, 238, 250))], 0, 0.45)
    clouds(c, 0.42, 0.7)
    far = ridge(c.rng, 0.44, 0.08, 4)
    c.blend(c.mask([far]), c.ramp([(0.36, (150, 200, 110)), (0.6, (120, 184, 84))]))
    near = ridge(c.rng, 0.52, 0.05, 3)
    c.blend(c.mask([near]), c.ramp([(0.48, (124, 190, 72)), (1, (70, 142, 46))]))
    blades = []
    for x, far_down, h, lean in c.rng.uniform(0, 1, (260, 4)):
        y = 0.58 + 0.44 * far_down
        high = 0.02 + 0.03 * h
        blades.append([(x, y), (x + 0.004, y), (x + 0.002 + 0.012 * (lean - 0.5), y - high)])
    c.blend(c.mask(blades), (52, 122, 40), 0.55)
    for colour in ((255, 240, 120), (255, 255, 255), (250, 170, 200)):
        flowers = [(x, 0.57 + 0.42 * y, 0.004 + 0.004 * y) for x, y in c.rng.uniform(0, 1, (16, 2))]
        c.dots(flowers, colour)


def night(c: Canvas) -> None:
    """Stars over dark hills."""
    c.gradient([(0, (8, 12, 40)), (0.7, (34, 44, 98)), (1, (72, 74, 128))], 0, 0.8)
    c.shade(6 * c.noise(3, 3, 2), 0, 0.8)
    stars = [(x, 0.78 * y, 0.0012 + 0.0035 * r**4) for x, y, r in c.rng.uniform(0, 1, (150, 3))]
    c.dots(stars, (250, 248, 224))
    c.blend(c.mask([ridge(c.rng, 0.8, 0.12, 5)]), (20, 26, 52))
    c.blend(c.mask([ridge(c.rng, 0.88, 0.06, 4)]), (10, 16, 34))


def forest(c: Canvas) -> None:
    """Rows of trunks and fir trees fading into green mist."""
    c.gradient([(0, (150, 186, 150)), (1, (196, 216, 170))], 0, 0.74)
    for depth, colour in enumerate(((112, 158, 118), (66, 120, 78), (32, 78, 48))):
        base = 0.58 + 0.05 * depth
        trees: list[list[Point]] = []
        for x, h in c.rng.uniform(0, 1, (13 - 3 * depth, 2)):
            top, half = base - (0.34 + 0.3 * h), (0.05 + 0.02 * depth) * (0.7 + 0.5 * h)
            for tier in range(3):
                low = base - (base - top) * 0.26 * tier
                peak = low - (base - top) * 0.48
                spread = half * (1 - 0.26 * tier)
                trees.append([(x - spread, low), (x + spread, low), (x, peak)])
            trees.append([(x - 0.008, base + 0.06), (x + 0.008, base + 0.06), (x, base - 0.05)])
        c.blend(c.mask(trees), colour)
    floor = ridge(c.rng, 0.68, 0.03, 6)
    c.blend(c.mask([floor]), c.ramp([(0.64, (72, 98, 48)), (1, (48, 62, 30))]))
    c.shade(9 * c.noise(24, 24, 3), 0.68, 1)


def desert(c: Canvas) -> None:
    """Hot sky over dunes, each with a lit and a shaded side."""
    c.gradient([(0, (120, 190, 226)), (1, (252, 230, 190))], 0, 0.5)
    c.disc((0.15 + 0.7 * c.rng.random(), 0.15), 0.06, (255, 246, 214))
    for level, top, low in (
        (0.46, (232, 180, 110), (214, 154, 86)),
        (0.58, (226, 164, 88), (200, 132, 64)),
        (0.76, (218, 150, 72), (184, 112, 50)),
    ):
        dune = ridge(c.rng, level, 0.12, 4)
        c.blend(c.mask([dune]), c.ramp([(level - 0.1, top), (1, low)]))
    ripples = np.sin(c.y * 150 + 5 * c.noise(3, 3, 2)).astype(np.float32)
    c.shade(4 * ripples, 0.62, 1)


def sea(c: Canvas) -> None:
    """Open water to the horizon under a bright sky."""
    c.gradient([(0, (92, 168, 226)), (1, (216, 236, 246))], 0, 0.34)
    clouds(c, 0.3, 0.7)
    c.gradient([(0, (46, 134, 186)), (1, (10, 66, 124))], 0.34, 1)
    depth = np.clip((c.y - 0.34) / 0.66, 0.02, 1)
    waves = np.sin(22 * np.log(depth) + 3 * c.noise(5, 12, 3) + 2 * np.sin(9 * c.x))
    c.shade((10 * waves * np.sqrt(depth) + 8 * c.noise(12, 60, 2)).astype(np.float32), 0.35, 1)
    c.blend(((waves > 0.93) * (depth > 0.1)).astype(np.float32), (226, 242, 250), 0.35)


def underwater(c: Canvas) -> None:
    """Blue-green depths with rays of light, bubbles and a sandy bottom."""
    c.gradient([(0, (90, 208, 214)), (0.5, (24, 132, 170)), (1, (8, 62, 104))])
    rays = []
    for x, w in c.rng.uniform(0, 1, (6, 2)):
        rays.append([(x, 0.0), (x + 0.03 + 0.04 * w, 0.0), (x - 0.12 + 0.12 * w, 0.9), (x - 0.3, 0.9)])
    c.blend(c.mask(rays, 0.02) * (1 - c.y), (214, 250, 244), 0.35)
    bed = ridge(c.rng, 0.92, 0.06, 5)
    c.blend(c.mask([bed], 0.003), c.ramp([(0.86, (134, 160, 130)), (1, (90, 118, 104))]))
    weeds = []
    for x, h, lean in c.rng.uniform(0, 1, (9, 3)):
        tip = 0.9 - 0.1 - 0.2 * h
        bend = 0.08 * (lean - 0.5)
        weeds.append([(x - 0.01, 0.98), (x + 0.01, 0.98), (x + bend, (tip + 1) / 2), (x + 0.4 * bend, tip)])
    c.blend(c.mask(weeds), (24, 116, 84), 0.9)
    bubbles = [(x, 0.8 * y, 0.004 + 0.008 * r) for x, y, r in c.rng.uniform(0, 1, (26, 3))]
    c.dots(bubbles, (196, 240, 246))


def city(c: Canvas) -> None:
    """House fronts with windows, a pavement and a street."""
    c.gradient([(0, (150, 186, 216)), (1, (228, 226, 216))], 0, 0.7)
    walls: tuple[Colour, ...] = ((176, 118, 96), (198, 182, 158), (128, 136, 150), (160, 150, 142))
    x = -0.05 * c.rng.random()
    while x < 1:
        width = 0.14 + 0.12 * c.rng.random()
        top = 0.08 + 0.3 * c.rng.random()
        wall = np.array(walls[c.rng.integers(len(walls))]) * (0.85 + 0.25 * c.rng.random())
        c.blend(c.mask([[(x, top), (x + width, top), (x + width, 0.74), (x, 0.74)]]), wall.astype(np.float32))
        dark, lit = [], []
        for row in np.arange(top + 0.04, 0.66, 0.085):
            for column in np.arange(x + 0.02, x + width - 0.03, 0.045):
                pane = [
                    (column, row),
                    (column + 0.025, row),
                    (column + 0.025, row + 0.05),
                    (column, row + 0.05),
                ]
                (lit if c.rng.random() < 0.3 else dark).append(pane)
        c.blend(c.mask(dark), (70, 86, 108), 0.9)
        c.blend(c.mask(lit), (250, 226, 150), 0.9)
        x += width
    c.gradient([(0, (186, 184, 180)), (1, (168, 166, 162))], 0.72, 0.78)
    c.gradient([(0, (96, 98, 104)), (1, (70, 72, 78))], 0.78, 1)
    dashes = [
        [(d, 0.885), (d + 0.09, 0.885), (d + 0.08, 0.9), (d - 0.012, 0.9)] for d in np.arange(0, 1, 0.18)
    ]
    c.blend(c.mask(dashes), (240, 236, 214), 0.9)
    c.shade(4 * c.noise(50, 50, 2), 0.72, 1)


def sunset(c: Canvas) -> None:
    """A low sun, burning sky, its path on still water."""
    sky: list[tuple[float, Colour]] = [(0, (62, 44, 112)), (0.45, (206, 84, 104)), (0.8, (252, 152, 82))]
    c.gradient([*sky, (1, (255, 206, 112))], 0, 0.64)
    c.shade(12 * np.clip(c.noise(2, 14, 3), -0.4, 1), 0, 0.6)
    at = 0.2 + 0.6 * c.rng.random()
    c.glow((at, 0.58), 0.24, (255, 226, 150), 0.8)
    c.disc((at, 0.58), 0.09, (255, 244, 204))
    water = [(0, (226, 126, 84)), (0.4, (150, 68, 92)), (1, (60, 34, 82))]
    c.gradient([(stop, (float(r), float(g), float(b))) for stop, (r, g, b) in water], 0.64, 1)
    c.shade(14 * c.noise(4, 70, 2), 0.645, 1)
    path = np.exp(-(((c.x - at) / (0.05 + 0.25 * np.clip(c.y - 0.64, 0, 1))) ** 2)) * (c.y > 0.645)
    glint = 0.5 + 0.5 * np.sin(c.y * 190 + 3 * c.noise(6, 30, 1))
    c.blend((path * glint).astype(np.float32), (255, 222, 150), 0.7)


def table(c: Canvas) -> None:
    """Planks of wood from above."""
    planks = 5
    edge = c.y * planks
    which = np.clip(edge.astype(int), 0, planks - 1)
    tone = c.rng.uniform(-16, 16, planks)[which]
    c.pixels[:] = (178, 124, 74)
    c.pixels += tone[..., None] * np.array((1, 0.85, 0.65), np.float32)
    c.shade(13 * c.noise(2, 26, 4))
    rings = np.sin(44 * c.y + 5 * c.noise(2, 5, 2)).astype(np.float32)
    c.shade(5 * rings)
    inside = np.minimum(edge % 1, 1 - edge % 1)
    c.blend(np.broadcast_to((inside < 0.022).astype(np.float32), c.pixels.shape[:2]), (78, 46, 24), 0.8)


def brick(c: Canvas) -> None:
    """A wall of bricks in running bond."""
    c.pixels[:] = (206, 196, 184)
    rows, columns = 11, 6 if c.width <= c.height else 8
    bricks: list[list[list[Point]]] = [[], [], [], []]
    for row in range(rows):
        top, low = (row + 0.06) / rows, (row + 0.94) / rows
        for column in range(-1, columns + 1):
            left = (column + 0.5 * (row % 2) + 0.03) / columns
            right = left + 0.94 / columns
            box = [(left, top), (right, top), (right, low), (left, low)]
            bricks[int(c.rng.integers(4))].append(box)
    clays: tuple[Colour, ...] = ((172, 82, 62), (184, 94, 70), (158, 72, 56), (194, 108, 82))
    for group, colour in zip(bricks, clays, strict=True):
        c.blend(c.mask(group), colour)
    c.shade(8 * c.noise(40, 40, 2))


def space(c: Canvas) -> None:
    """Black sky, coloured nebula, many stars."""
    c.pixels[:] = (10, 8, 22)
    tint = ((120, 40, 140), (30, 80, 160), (150, 50, 80))
    for index in c.rng.permutation(3)[:2]:
        c.blend(np.clip(c.noise(2, 2, 4), 0, 1).astype(np.float32), tint[index], 0.7)
    for colour, count in (((255, 255, 255), 150), ((190, 210, 255), 60), ((255, 220, 180), 40)):
        c.dots([(x, y, 0.001 + 0.005 * r**5) for x, y, r in c.rng.uniform(0, 1, (count, 3))], colour)


def mountains(c: Canvas) -> None:
    """Snow-capped peaks behind green foothills."""
    c.gradient([(0, (116, 172, 224)), (1, (226, 236, 240))], 0, 0.7)
    clouds(c, 0.3, 0.6)
    for level, rise, rock in ((0.62, 0.3, (142, 152, 176)), (0.7, 0.22, (104, 110, 134))):
        x = -0.15 * c.rng.random()
        while x < 1.1:
            half = 0.16 + 0.12 * c.rng.random()
            peak = level - rise * (0.8 + 0.6 * c.rng.random())
            c.blend(c.mask([[(x - half, level), (x, peak), (x + half, level)]]), rock)
            shade = (0.8 * rock[0], 0.8 * rock[1], 0.8 * rock[2])
            c.blend(c.mask([[(x, peak), (x + half, level), (x + 0.05, level)]]), shade)
            cap, cut = 0.34 * half, peak + 0.34 * (level - peak)
            edge = ((cap, 0.0), (0.5 * cap, -0.015), (0.0, 0.03), (-0.4 * cap, -0.02), (-cap, 0.0))
            zigzag = [(x + dx, cut + dy) for dx, dy in edge]
            c.blend(c.mask([[(x, peak), *zigzag]]), (246, 250, 254))
            x += half * 1.1
    c.blend(c.mask([ridge(c.rng, 0.7, 0.05, 5)]), c.ramp([(0.64, (104, 140, 96)), (1, (66, 106, 62))]))
    c.shade(6 * c.noise(20, 20, 3), 0.68, 1)


def clouds(c: Canvas, low: float, strength: float) -> None:
    """Lay soft clouds over the sky above `low`."""
    puffs = np.clip(c.noise(4, 7, 4) - 0.1, 0, 0.8) * np.clip((low - c.y) / low, 0, 1) * 1.6
    c.blend(np.clip(puffs, 0, 1).astype(np.float32), (255, 255, 255), strength)
