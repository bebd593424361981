"""Write the tables out of their sources: `python -m shared.classifications FOLDER`.

FOLDER holds GB2260 (cn/GB2260), modood/Administrative-divisions-of-China and GB/T 4754-2017 as a
spreadsheet, as in the folder `cn` of the third-party test data. A region's name is taken from the
ministry's list, then from the statistics office's newer and older ones.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineWorkbook

HERE = Path(__file__).parent
LATEST = "GB2260/mca/201904.tsv"  # the ministry of civil affairs
OLDER = "GB2260/stats/201410.tsv"  # the statistics office: also codes withdrawn since
NEWER = "administrative-divisions/dist/areas.csv"
INDUSTRIES = "gbt4754/data_cleaning/GBT4754-2017.xlsx"
CODE_LENGTH = 6
CLASS_LENGTH = 5
MERGED = "00000000", {"27702780": "卫生材料及医药用品制造", "80528053": "足浴服务"}
GROUPS = {"L727": "安全保护服务", "R905": "文化体育娱乐活动与经纪代理服务"}  # the source lacks them
HEAD = {
    "regions.tsv": "# GB/T 2260: code, name, English name, withdrawn",
    "industries.tsv": "# GB/T 4754-2017: code, name, English name",
}


def tables(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each table."""
    english = dict(row[:2] for row in _tsv(HERE / "english.tsv"))
    for name, rows in (("regions.tsv", _regions(folder)), ("industries.tsv", _industries(folder))):
        lines = [
            "\t".join((code, title, english.get(code, ""), mark)).rstrip("\t")
            for code, title, mark in rows
        ]
        yield name, "\n".join([HEAD[name], *lines, ""])


def _regions(folder: Path) -> list[tuple[str, str, str]]:
    latest = {code: name for *_, code, name in _tsv(folder / LATEST)[1:]}
    older = {code: name for *_, code, name in _tsv(folder / OLDER)[1:]}
    with (folder / NEWER).open(encoding="utf-8") as lines:
        newer = {row["code"]: row["name"] for row in csv.DictReader(lines)}
    newer = {code: name for code, name in newer.items() if len(code) == CODE_LENGTH}
    names = older | newer | latest
    parts = {code[:4] for code in newer} | {code[:2] for code in newer}
    whole = {"710000", "810000", "820000"}  # no parts of theirs are listed in the newest

    def mark(code: str) -> str:
        prefix = code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
        still = prefix in parts or code in newer or f"{code[:2]}0000" in whole
        return "" if still else "withdrawn"

    return [(code, names[code].strip(), mark(code)) for code in sorted(names)]


def _industries(folder: Path) -> list[tuple[str, str, str]]:
    names, section = dict(GROUPS), ""
    for code, name in _sheet(folder / INDUSTRIES):
        section = code if code.isalpha() else section
        names[code if code.isalpha() else f"{section}{code}"] = name
    for code, name in list(names.items()):
        if len(code) == CLASS_LENGTH and code.endswith(
            "0"
        ):  # the only class of its group, which goes by the same name
            names.setdefault(code[:-1], name)
    return [(code, names[code], "") for code in sorted(names)]


def _sheet(file: Path) -> Iterator[tuple[str, str]]:
    """Yield codes and names, two of them apart that stand in one cell of the source."""
    grid = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    for code, name, *_ in grid[1:]:
        text = format(code, ".0f") if isinstance(code, float) else str(code).strip()
        if len(text) == len(MERGED[0]):
            at = len(MERGED[1][text])
            yield text[:4], str(name)[:at]
            yield text[4:], str(name)[at:]
        else:
            yield text, str(name).strip()


def _tsv(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]


if __name__ == "__main__":
    for name, text in tables(Path(sys.argv[1])):
        (HERE / name).write_text(text, encoding="utf-8")
