"""China's provinces as a grid of tiles, each about where it lies (GB/T 2260, two digits)."""

from typing import NamedTuple


class Tile(NamedTuple):
    """Where a province stands in the grid, and how it is called."""

    column: int
    row: int
    zh: str
    en: str


TILES: dict[str, Tile] = {
    "23": Tile(7, 0, "黑龙江", "Heilongj."),
    "65": Tile(0, 1, "新疆", "Xinjiang"),
    "15": Tile(3, 1, "内蒙古", "In. Mong."),
    "21": Tile(6, 1, "辽宁", "Liaoning"),
    "22": Tile(7, 1, "吉林", "Jilin"),
    "62": Tile(1, 2, "甘肃", "Gansu"),
    "64": Tile(2, 2, "宁夏", "Ningxia"),
    "14": Tile(3, 2, "山西", "Shanxi"),
    "13": Tile(4, 2, "河北", "Hebei"),
    "11": Tile(5, 2, "北京", "Beijing"),
    "12": Tile(6, 2, "天津", "Tianjin"),
    "63": Tile(1, 3, "青海", "Qinghai"),
    "61": Tile(2, 3, "陕西", "Shaanxi"),
    "41": Tile(3, 3, "河南", "Henan"),
    "37": Tile(4, 3, "山东", "Shandong"),
    "32": Tile(5, 3, "江苏", "Jiangsu"),
    "54": Tile(0, 4, "西藏", "Tibet"),
    "51": Tile(1, 4, "四川", "Sichuan"),
    "50": Tile(2, 4, "重庆", "Chongq."),
    "42": Tile(3, 4, "湖北", "Hubei"),
    "34": Tile(4, 4, "安徽", "Anhui"),
    "33": Tile(5, 4, "浙江", "Zhejiang"),
    "31": Tile(6, 4, "上海", "Shanghai"),
    "53": Tile(1, 5, "云南", "Yunnan"),
    "52": Tile(2, 5, "贵州", "Guizhou"),
    "43": Tile(3, 5, "湖南", "Hunan"),
    "36": Tile(4, 5, "江西", "Jiangxi"),
    "35": Tile(5, 5, "福建", "Fujian"),
    "71": Tile(6, 5, "台湾", "Taiwan"),
    "45": Tile(2, 6, "广西", "Guangxi"),
    "44": Tile(3, 6, "广东", "Guangd."),
    "81": Tile(4, 6, "香港", "H. Kong"),
    "46": Tile(2, 7, "海南", "Hainan"),
    "82": Tile(3, 7, "澳门", "Macao"),
}
NAMES: dict[str, str] = {
    "23": "Heilongjiang",
    "15": "Inner Mongolia",
    "50": "Chongqing",
    "44": "Guangdong",
    "81": "Hong Kong",
}
WIDE, HIGH = 64, 54  # a tile and its gap


def province_of(region: str | None) -> str | None:
    """Return the two digits of a region's province; nothing for a total or what is no region."""
    code = (region or "")[:2]
    return code if code in TILES else None


def name_of(code: str, *, chinese: bool) -> str:
    """Name a province in full."""
    tile = TILES[code]
    return tile.zh if chinese else NAMES.get(code, tile.en)
