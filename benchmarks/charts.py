"""Charts of what was measured, as plain SVG for the documents."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from benchmarks.result import ROOT, Chart, Figure, Point, Result

PICTURES = ROOT / "docs" / "pictures"
COLOURS = "#206bc4", "#9aa5b1", "#c9d1d9", "#d6b656", "#7d8a97", "#b85450"
WIDTH, LABEL, BAR, GAP, HEAD, PLOT = 760, 250, 20, 14, 56, 400
HEIGHT_OF_LINES = 320


def drawn(results: Sequence[Result], folder: Path = PICTURES) -> list[Path]:
    """Write every chart of some results; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for chart in [chart for result in results for chart in result.charts if chart.points]:
        path = folder / f"{chart.name}.svg"
        path.write_text(svg(chart))
        paths.append(path)
    return paths


def svg(chart: Chart) -> str:
    """Draw a chart: bars from the left, or lines over what is on the axis below."""
    body, height = _bars(chart) if chart.kind == "bars" else _lines(chart)
    said = f"{chart.title} ({chart.unit})"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(said)}" font-family="sans-serif" font-size="13">'
    )
    ground = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    title = _text(16, 28, said, size=16, weight="bold")
    return "\n".join([head, ground, title, *body, "</svg>", ""])


def _bars(chart: Chart) -> tuple[list[str], int]:
    most = max(point.value for point in chart.points) or 1
    colours = _colours(chart)
    parts, top = [], HEAD
    for at, group in groupby(chart.points, key=lambda point: point.at):
        if at:
            parts.append(_text(16, top + 12, at, weight="bold"))
            top += BAR + 4
        for point in group:
            wide = max(1.0, PLOT * point.value / most)
            parts += _bar(point, top, wide, colours[point.series])
            top += BAR + 6
        top += GAP if at else 0
    return parts, top + 8


def _bar(point: Point, top: int, wide: float, colour: str) -> Iterator[str]:
    yield _text(LABEL - 8, top + 14, point.series, anchor="end")
    yield f'<rect x="{LABEL}" y="{top}" width="{wide:.1f}" height="{BAR}" fill="{colour}"/>'
    yield _text(LABEL + wide + 6, top + 14, Figure(name="", value=point.value).shown)


def _lines(chart: Chart) -> tuple[list[str], int]:
    places = list(dict.fromkeys(point.at for point in chart.points))
    most = max(point.value for point in chart.points) or 1
    colours, bottom = _colours(chart), HEIGHT_OF_LINES - 60
    step = (WIDTH - 280) / max(1, len(places) - 1)

    def x(point: Point) -> float:
        return 70 + step * places.index(point.at)

    def y(point: Point) -> float:
        return bottom - (bottom - HEAD) * point.value / most

    parts = [f'<line x1="70" y1="{bottom}" x2="{WIDTH - 210}" y2="{bottom}" stroke="#9aa5b1"/>']
    parts += [_text(70 + step * n, bottom + 20, at, anchor="middle") for n, at in enumerate(places)]
    parts.append(_text(62, HEAD + 4, f"{most:,.4g}", anchor="end"))
    parts.append(_text(62, bottom + 4, "0", anchor="end"))
    for series, colour in colours.items():
        own = [point for point in chart.points if point.series == series]
        way = " ".join(f"{x(point):.1f},{y(point):.1f}" for point in own)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_text(x(own[-1]) + 8, y(own[-1]) + 4, series, colour=colour))
    return parts, HEIGHT_OF_LINES


def _colours(chart: Chart) -> dict[str, str]:
    series = list(dict.fromkeys(point.series for point in chart.points))
    return {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(series)}


def _text(  # noqa: PLR0913
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 13,
    weight: str = "normal",
    colour: str = "#1f2933",
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    look = f'font-size="{size}" font-weight="{weight}" fill="{colour}"'
    return f"<text {place} {look}>{escape(text)}</text>"
