"""The README's table: what was measured last, from the results that are kept."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.result import ROOT, Result

README = ROOT / "README.md"
APART_MAX = 5  # of what meets the same limit
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def table(results: Sequence[Result]) -> str:
    """Return Markdown: what has a target first, then the other ratios; whole files have all."""
    if not results:
        return "Nothing was measured yet: run `make bench`.\n"
    lines = [
        "| what | measured | target | |",
        "| --- | ---: | ---: | --- |",
        *(line for result in results for line in _lines(result)),
        "",
        *_where(results),
    ]
    return "\n".join([*lines, ""])


def _lines(result: Result) -> Iterator[str]:
    promised = {target.name: target.shown for target in result.targets}
    source = f"[{result.name}](benchmarks/results/{result.name}.json)"
    found = [*result.ratios, *result.figures]
    shown = [one for one in found if one.name in promised or one in result.ratios]
    together = _together(result, promised)
    for one in sorted(shown, key=lambda one: one.name not in promised):
        if one.name not in together:
            met = {True: "met", False: "missed", None: ""}[result.verdict(one.name)]
            name = one.name.replace("|", "/")
            yield f"| {source}: {name} | {one.shown} | {promised.get(one.name, '')} | {met} |"
    for limit in dict.fromkeys(together.values()):
        same = [one for one in found if together.get(one.name) == limit]
        least, most = (choose(same, key=lambda one: one.value).shown for choose in (min, max))
        yield f"| {source}: {len(same)} others | {least} to {most} | {limit} | met |"
    for absent in result.absent:
        yield f"| {source}: not measured: {absent} | | | |"


def _together(result: Result, promised: Mapping[str, str]) -> dict[str, str]:
    """Name what is told in one line, with its limit: what meets the same one, where it is many."""
    met = {name: limit for name, limit in promised.items() if result.verdict(name)}
    count = Counter(met.values())
    return {name: limit for name, limit in met.items() if count[limit] > APART_MAX}


def _where(results: Sequence[Result]) -> Iterator[str]:
    machines = sorted({result.machine for result in results})
    commits = sorted({result.commit for result in results})
    days = sorted({result.at.date().isoformat() for result in results})
    yield f"Measured on {'; '.join(machines)}; commit {', '.join(commits)}; {', '.join(days)}."


def written(text: str, made: str) -> str:
    """Return a document with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"The document has no {BEGIN} … {END}")
    return f"{before}{BEGIN}\n{made}{END}{after}"
