"""Who takes part: fictional companies, what they make, and in which operations."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from zlib import crc32

from contracts.onboarding import Signatory, Size
from shared.uscc import check_character, inner_check_character


@dataclass(frozen=True)
class Item:
    number: str
    name: str
    price: Decimal  # CNY
    lot: int  # what is ordered at once, about
    unit: str = "C62"


@dataclass(frozen=True)
class Company:
    """A fictional company: its name, who speaks for it, and what it makes in which steps."""

    name: str
    contact: str
    domain: str
    items: tuple[Item, ...] = ()
    routing: tuple[str, ...] = ()
    region: str = "340100"  # GB/T 2260
    industry: str = "C3670"  # GB/T 4754-2017
    size: Size = Size.SMALL

    @property
    def uscc(self) -> str:
        """A unified social credit code whose checks hold, and which nobody was given."""
        serial = crc32(self.name.encode()) % 1_000
        organization = f"DEM{serial:05d}"
        first = f"91{self.region}{organization}{inner_check_character(organization)}"
        return first + check_character(first)

    def signatory(self) -> Signatory:
        """Tell what it was when it signed."""
        return Signatory(
            uscc=self.uscc,
            size=self.size,
            region=self.region,
            industry=self.industry,
            group=self.uscc,
        )


def _items(*rows: tuple[str, str, str, int]) -> tuple[Item, ...]:
    return tuple(Item(number, name, Decimal(price), lot) for number, name, price, lot in rows)


MACHINED = "下料", "粗加工", "精加工", "热处理", "检验"
STAMPED = "落料", "冲压", "焊接", "电泳", "检验"

MAKER = Company(
    "比邻汽车有限公司",
    "林敏",
    "bilin.example",
    region="440300",
    industry="C3612",
    size=Size.LARGE,
)
FORGE = Company(
    "铁牛锻造有限公司",
    "牛建国",
    "tieniu.example",
    _items(
        ("DJ-1101", "转向节毛坯 左前", "118.40", 2_400),
        ("DJ-1102", "转向节毛坯 右前", "118.40", 2_400),
    ),
    ("下料", "锻造", "正火", "检验"),
    region="340500",
    industry="C3393",
    size=Size.MICRO,
)
SUPPLIERS = (
    Company(
        "宏远精密机械有限公司",
        "周岚",
        "hongyuan.example",
        _items(
            ("ZX-2041", "转向节 左前", "642.30", 2_000),
            ("ZX-2042", "转向节 右前", "642.30", 2_000),
            ("ZX-2043", "转向节 衬套", "321.15", 4_000),
        ),
        MACHINED,
        region="340100",
        industry="C3670",
    ),
    Company(
        "云岭宏远精密机械制造（集团）股份有限公司西南新能源汽车结构件事业部曲靖经济技术开发区第二分公司",
        "段云霞",
        "yunling.example",
        _items(
            ("BT-1188", "电池托盘 下壳体", "10705.00", 1_200),
            ("BT-1201", "电池托盘 上盖", "3720.00", 1_800),
        ),
        ("下料", "焊接", "精加工", "气密检测", "检验"),
        region="530300",
        industry="C3670",
        size=Size.MEDIUM,
    ),
    Company(
        "嘉禾压铸有限公司",
        "何嘉",
        "jiahe.example",
        _items(
            ("DK-3302", "电机控制器壳体", "1824.00", 1_600),
            ("DK-3340", "车载充电机 支架", "216.00", 2_400),
        ),
        ("压铸", "去毛刺", "精加工", "检验"),
        region="340200",
        industry="C3670",
    ),
    Company(
        "润泽线束有限公司",
        "苏润",
        "runze.example",
        _items(
            ("XS-0907", "高压线束 总成", "3341.00", 900),
            ("XS-0915", "低压线束 仪表板", "1490.00", 1_500),
        ),
        ("下线", "压接", "装配", "导通检测"),
        region="340100",
        industry="C3670",
    ),
    Company(
        "青禾冲压有限公司",
        "田禾",
        "qinghe.example",
        _items(
            ("LB-5120", "副车架 前", "5234.00", 800),
            ("LB-5133", "电池横梁", "345.00", 5_000),
            ("LB-5150", "座椅滑轨 左", "420.00", 3_600),
        ),
        STAMPED,
        region="340500",
        industry="C3670",
    ),
    Company(
        "明川热管理科技有限公司",
        "陆明川",
        "mingchuan.example",
        _items(
            ("RG-2207", "冷却板 总成", "1760.00", 3_200),
            ("RG-2211", "冷却管路 左", "272.00", 3_200),
            ("RG-2230", "水泵 支架", "130.00", 2_600),
        ),
        ("下料", "钎焊", "气密检测", "检验"),
        region="440300",
        industry="C3670",
        size=Size.MEDIUM,
    ),
    Company(
        "启明电控技术有限公司",
        "程启",
        "qiming.example",
        _items(
            ("DK-3318", "逆变器 总成", "15300.00", 600),
            ("DK-3325", "电池管理单元", "2260.00", 1_200),
        ),
        ("贴片", "组装", "老化", "检验"),
        region="440300",
        industry="C3670",
        size=Size.MEDIUM,
    ),
    Company(
        "东篱橡塑制品厂",
        "陶菊",
        "dongli.example",
        _items(
            ("XJ-0116", "密封条 右后门", "27.00", 24_000),
            ("XJ-0131", "防尘罩 转向", "19.00", 16_000),
        ),
        ("混炼", "硫化", "修边"),
        region="440600",
        industry="C3670",
        size=Size.MICRO,
    ),
    Company(
        "华岳紧固件有限公司",
        "岳山",
        "huayue.example",
        _items(
            ("JG-7702", "高强螺栓 M12×1.5", "0.89", 480_000),
            ("JG-7715", "轮毂螺母 M14", "1.36", 160_000),
        ),
        ("冷镦", "搓丝", "热处理", "表面处理"),
        region="330200",
        industry="C3670",
    ),
    Company(
        "海棠玻璃有限公司",
        "谢棠",
        "haitang.example",
        _items(
            ("BL-4105", "前挡风玻璃", "486.00", 2_000), ("BL-4120", "后三角窗 右", "92.00", 4_000)
        ),
        ("切割", "磨边", "热弯", "夹层", "检验"),
        region="340200",
        industry="C3670",
    ),
    Company(
        "北辰轴承有限公司",
        "邵北辰",
        "beichen.example",
        _items(
            ("ZC-6610", "轮毂轴承 前", "213.50", 6_000), ("ZC-6622", "转向轴承", "58.20", 9_000)
        ),
        MACHINED,
        region="440100",
        industry="C3670",
    ),
    Company(
        "松涛内饰有限公司",
        "宋涛",
        "songtao.example",
        _items(
            ("NS-8201", "仪表板 本体", "735.00", 1_800),
            ("NS-8244", "门内饰板 左前", "312.00", 2_200),
        ),
        ("注塑", "包覆", "装配", "检验"),
        region="340100",
        industry="C3670",
    ),
)
OTHER_MAKERS = (
    Company("启程汽车有限公司", "管理员", "qicheng.example", (), (), "440100", "C3612", Size.LARGE),
    Company(
        "远山汽车有限公司", "管理员", "yuanshan.example", (), (), "340100", "C3612", Size.LARGE
    ),
    Company("东屿客车有限公司", "管理员", "dongyu.example", (), (), "330200", "C3612", Size.LARGE),
)
NEIGHBORS = (  # region, industry, what they make, how many
    ("340100", "C3670", "汽车零部件", 2),
    ("340200", "C3391", "铸造", 4),
    ("330200", "C3391", "铸造", 5),
    ("440300", "C3670", "汽车模具", 4),
    ("530100", "C3670", "汽车内饰", 3),
    ("320500", "C3670", "汽车电子", 4),
)
APPLICANT = Company("金辉弹簧有限公司", "郑晓", "jinhui.example", region="330200")
REGULATOR = Company("链桥示范区工业和信息化局", "顾问之", "regulator.example")
TIER_TWO = SUPPLIERS[0]  # it is itself the buyer of the forge

PLACES = (
    "临江",
    "望城",
    "清河",
    "长宁",
    "安源",
    "新港",
    "南浔",
    "东台",
    "西溪",
    "丹阳",
    "富春",
    "武宁",
)
WORDS = (
    "恒达",
    "信泰",
    "永兴",
    "瑞丰",
    "金诚",
    "盛源",
    "同和",
    "祥云",
    "兴业",
    "广博",
    "华信",
    "正阳",
)
TRADES = "机械", "电子", "模具", "铸造", "塑胶", "五金", "密封件", "弹簧"


def suppliers(count: int, chance: Random) -> Iterator[Company]:
    """Yield as many suppliers: those with a name first, then drawn ones who make similar things."""
    for turn in range(count):
        if turn < len(SUPPLIERS):
            yield SUPPLIERS[turn]
            continue
        like = SUPPLIERS[turn % len(SUPPLIERS)]
        place, word, trade = (chance.choice(pool) for pool in (PLACES, WORDS, TRADES))
        items = tuple(
            Item(f"{item.number}-{turn}", item.name, item.price, item.lot, item.unit)
            for item in like.items
        )
        name = f"{place}{word}{trade}{turn}厂"
        yield Company(name, "管理员", f"supplier-{turn}.example", items, like.routing)


def neighborhood() -> list[tuple[Company, Company]]:
    """Name who else buys from whom: other car makers and their suppliers, which nobody tells of.

    A regulator's table shows nothing of a chain of one: it takes several on each side, and none
    of them much larger than the others.
    """
    places = [(*place, trade) for *place, trade, count in NEIGHBORS for _ in range(count)]
    drawn = []
    for turn, (region, industry, trade) in enumerate(places):
        like = SUPPLIERS[turn % len(SUPPLIERS)]
        name = f"{PLACES[turn % len(PLACES)]}{WORDS[turn // len(PLACES)]}{trade}有限公司"
        items = tuple(Item(f"{one.number}-N", one.name, one.price, one.lot) for one in like.items)
        domain = f"neighbor-{turn}.example"
        drawn.append(Company(name, "管理员", domain, items, (), region, industry))
    return [(maker, one) for one in drawn for maker in (MAKER, *OTHER_MAKERS)]
