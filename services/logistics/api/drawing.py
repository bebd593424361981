"""Draw labels and delivery notes as PDF, with QR and GS1-128 codes, in Chinese and English."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer, Table

from contracts.values import plain
from services.logistics.schemas.shipments import NoticeLineOut, PackageOut, ShipmentOut
from shared.settings import settings

FONT = "STSong-Light"  # Adobe's font for simplified Chinese, which readers of PDF bring along
BarSize = tuple[float, float]  # the width of a thin bar, and the height of all
LABEL_BARS: BarSize = 0.5 * mm, 32 * mm  # as GS1 asks of logistic labels
NOTE_BARS: BarSize = 0.375 * mm, 14 * mm
FNC1 = "\xf1"  # what makes a Code 128 a GS1-128
LABEL = 100 * mm, 150 * mm
ON_A_LABEL_MAX = 6  # lines; the notice has them all
UNSEEN = re.compile(r"[\U00010000-\U0010ffff\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
GS1_TEXT = re.compile(r"[!\"%-?A-Z_a-z]{1,30}")  # character set 82, without space

pdfmetrics.registerFont(UnicodeCIDFont(FONT))
SMALL = ParagraphStyle("small", fontName=FONT, fontSize=7.5, leading=9.5, wordWrap="CJK")
TEXT = ParagraphStyle("text", parent=SMALL, fontSize=9, leading=12)
RIGHT = ParagraphStyle("right", parent=TEXT, alignment=TA_RIGHT)
STRONG = ParagraphStyle("strong", parent=TEXT, fontSize=12, leading=15)
TITLE = ParagraphStyle("title", parent=TEXT, fontSize=18, leading=24)
CODE = ParagraphStyle("code", parent=TEXT, fontSize=11, leading=14, alignment=TA_CENTER)


def labels(shipment: ShipmentOut) -> bytes:
    """Return a label of 100 × 150 mm for each package, or one for a shipment without any."""
    pages: list[Flowable] = []
    units: Sequence[PackageOut | None] = shipment.packages or [None]
    for place, unit in enumerate(units, start=1):
        pages += [*_label(shipment, unit, place, len(units)), PageBreak()]
    return _built(pages[:-1], LABEL, margin=5 * mm, title=f"Labels {shipment.number}")


def delivery_note(shipment: ShipmentOut) -> bytes:
    """Return the note of A4 that goes with a shipment, with the codes of orders and packages."""
    parts: list[Flowable] = [
        _beside(
            [_said("送货单 Delivery note", TITLE), _said(shipment.number, STRONG)],
            _qr(_address(str(shipment.id)), 28 * mm),
            174 * mm,
        ),
        Spacer(0, 4 * mm),
        _parties(shipment),
        Spacer(0, 4 * mm),
        _lines(shipment.lines),
        Spacer(0, 5 * mm),
        *_order_codes(shipment.order_numbers),
        *_package_codes(shipment.packages),
        Spacer(0, 10 * mm),
        _signatures(),
    ]
    return _built(parts, A4, margin=18 * mm, title=f"Delivery note {shipment.number}")


def _label(
    shipment: ShipmentOut, unit: PackageOut | None, place: int, count: int
) -> list[Flowable]:
    width = LABEL[0] - 10 * mm
    held = unit.lines if unit else shipment.lines
    rows = [
        f"{line.item_number}  {line.item_name}  ×  {plain(line.quantity)} {line.unit}"
        + (f"  批次 Lot {line.lot}" if line.lot else "")
        for line in held[:ON_A_LABEL_MAX]
    ]
    if len(held) > ON_A_LABEL_MAX:
        rows.append(f"… +{len(held) - ON_A_LABEL_MAX}")
    address = _address(f"00{unit.sscc}" if unit else str(shipment.id))
    return [
        _said(f"发货 From: {_short(shipment.supplier_name)}", TEXT),
        _said(f"收货 To: {_short(shipment.buyer_name)}", STRONG),
        Spacer(0, 2 * mm),
        _beside(
            [
                _said(f"送货单 Notice: {_short(shipment.number)}", TEXT),
                _said(f"订单 Orders: {_short(', '.join(shipment.order_numbers))}", TEXT),
                _said(f"件 Package {place} / {count}", STRONG),
            ],
            _qr(address, 30 * mm),
            width,
        ),
        Spacer(0, 2 * mm),
        *(_said(_short(row), SMALL) for row in rows),
        Spacer(0, 4 * mm),
        *(_gs1("00", unit.sscc, width, LABEL_BARS) if unit else []),
    ]


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004  two lines of a label


def _parties(shipment: ShipmentOut) -> Table:
    told = [
        ("发货方 Supplier", shipment.supplier_name),
        ("收货方 Buyer", shipment.buyer_name),
        ("承运 Carrier", " ".join(filter(None, (shipment.carrier_name, shipment.vehicle))) or "-"),
        ("发出 Departure", _when(shipment.departed_at or shipment.estimated_departure_at)),
        ("预计到达 Expected", _when(shipment.estimated_arrival_at)),
        ("件数 Packages", str(shipment.package_count or "-")),
        ("备注 Note", shipment.note or "-"),
    ]
    rows = [[_said(name, SMALL), _said(value, TEXT)] for name, value in told]
    return Table(rows, [32 * mm, 142 * mm], style=[("VALIGN", (0, 0), (-1, -1), "TOP")])


def _lines(lines: Iterable[NoticeLineOut]) -> Table:
    heads = "行 #", "订单 Order", "物料 Item", "批次 Lot", "数量 Quantity", "单位"
    rows = [[_said(head, SMALL) for head in heads]]
    rows += [
        [
            _said(str(line.sequence), TEXT),
            _said(f"{line.order_number} / {line.position}", TEXT),
            _said(f"{line.item_number} {line.item_name}", TEXT),
            _said(line.lot or "", TEXT),
            _said(plain(line.quantity), RIGHT),
            _said(line.unit, TEXT),
        ]
        for line in lines
    ]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
    ]
    widths = [10 * mm, 38 * mm, 64 * mm, 24 * mm, 24 * mm, 14 * mm]
    return Table(rows, widths, repeatRows=1, style=style)


def _order_codes(numbers: Iterable[str]) -> list[Flowable]:
    """Draw orders' numbers as GS1-128, for who receives against the order: (400)."""
    parts: list[Flowable] = []
    for number in numbers:
        if GS1_TEXT.fullmatch(number):
            parts += [*_gs1("400", number, 174 * mm, NOTE_BARS), Spacer(0, 6 * mm)]
    return parts


def _package_codes(packages: Iterable[PackageOut]) -> list[Flowable]:
    parts: list[Flowable] = []
    for unit in packages:
        parts += [*_gs1("00", unit.sscc, 174 * mm, NOTE_BARS), Spacer(0, 6 * mm)]
    return parts


def _signatures() -> Table:
    names = [
        _said(f"{name}: ______________________", TEXT) for name in ("发货人", "承运人", "收货人")
    ]
    return Table([names], [58 * mm] * 3)


def _gs1(identifier: str, value: str, width: float, size: BarSize) -> list[Flowable]:
    """Draw a value under its GS1 application identifier, and write it below."""
    thin, height = size
    while True:
        bar = Code128(f"{FNC1}{identifier}{value}", barHeight=height, barWidth=thin)
        if bar.width <= width:
            break
        thin *= 0.99 * width / bar.width  # a long number: thinner bars, which scanners still read
    bar.hAlign = "CENTER"
    return [bar, Spacer(0, 1 * mm), _said(f"({identifier}) {value}", CODE)]


def _qr(value: str, size: float) -> Drawing:
    code = QrCodeWidget(value, barLevel="M", barWidth=size, barHeight=size, barBorder=4)
    drawing = Drawing(size, size)
    drawing.add(code)
    return drawing


def _address(code: str) -> str:
    """Return where a phone that scans this counts what is expected under it."""
    return f"{settings().issuer.rstrip('/')}/receiving?code={code}"


def _beside(left: list[Flowable], right: Flowable, width: float) -> Table:
    beside: Any = right
    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
    ]
    return Table([[left, right]], [width - beside.width, beside.width], style=style, hAlign="LEFT")


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    """Set text as it is: nothing in it is markup, and what the font lacks is shown as missing."""
    return Paragraph(escape(UNSEEN.sub("□", text)), style)


def _when(at: datetime | None) -> str:
    return at.astimezone(settings().calendar).strftime("%Y-%m-%d %H:%M") if at else "-"


def _built(parts: list[Flowable], size: tuple[float, float], *, margin: float, title: str) -> bytes:
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=size,
        leftMargin=margin,
        rightMargin=margin,
        topMargin=margin,
        bottomMargin=margin,
        title=title,
        author="Lianqiao",
    )
    document.build(parts)
    return file.getvalue()
