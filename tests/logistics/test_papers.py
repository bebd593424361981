"""What is printed can be scanned, and leads to what is expected."""

from typing import Any

import pypdfium2
import zxingcpp

from services.logistics.domain.handling_units import is_sscc
from tests.conftest import SignIn, Stores
from tests.logistics.factories import Sides, a_trade, done, notice, sides

HARD = "一二三四五六七八九十" * 6 + " <b>&amp; 🏭 \u202eevil"


def codes(pdf: bytes) -> list[list[tuple[str, str]]]:
    """Return what a scanner reads on each page, by symbology."""
    document = pypdfium2.PdfDocument(pdf)
    pages = []
    for page in document:
        picture = page.render(scale=3).to_pil()
        found = zxingcpp.read_barcodes(picture)
        pages.append([(code.format.name, code.text) for code in found])
    document.close()
    return pages


def words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return text


async def packed(both: Sides, trade: Any) -> Any:  # noqa: ANN401
    boxes = [{"kind": "carton", "lines": [{"line": 1, "quantity": "4"}]} for _ in range(2)]
    body = notice(trade, 8, 3, number="送-2026-001", packages=boxes, note=HARD, vehicle="粤B12345")
    return await done(both.supplier.post("shipments", json=body))


async def test_a_label_is_read_by_scanner_and_phone_and_leads_to_its_package(
    stores: Stores, sign_in: SignIn
) -> None:
    trade = await a_trade(stores["logistics"], 10, 10)
    both = sides(sign_in, trade)
    shipment = await packed(both, trade)

    answer = await both.supplier.get(f"shipments/{shipment['id']}/label")
    assert answer.headers["content-type"] == "application/pdf"
    read = codes(answer.content)

    assert len(read) == 2
    for page, unit in zip(read, shipment["packages"], strict=True):
        assert is_sscc(unit["sscc"])
        texts = dict(page)
        assert set(texts) == {"Code128", "QRCode"}
        for text in texts.values():
            found = await done(both.buyer.get("scan", params={"code": text}))
            [match] = found["matches"]
            assert (match["kind"], match["sscc"]) == ("package", unit["sscc"])
            assert [line["in_package"] for line in match["lines"]] == ["4", None]


async def test_a_delivery_note_is_read_and_speaks_chinese(stores: Stores, sign_in: SignIn) -> None:
    trade = await a_trade(stores["logistics"], 10, 10)
    both = sides(sign_in, trade)
    shipment = await packed(both, trade)

    answer = await both.buyer.get(f"shipments/{shipment['id']}/delivery-note")
    [*pages] = codes(answer.content)
    told = words(answer.content)

    texts = [text for page in pages for _, text in page]
    assert {unit["sscc"] for unit in shipment["packages"]} <= {text[-18:] for text in texts}
    [address] = [text for text in texts if text.startswith("http")]
    [match] = (await done(both.buyer.get("scan", params={"code": address})))["matches"]
    assert (match["kind"], match["shipment_number"]) == ("shipment", "送-2026-001")
    [order] = [text for text in texts if trade.number in text]
    for seen in (order, f"]C1400{trade.number}", trade.number, f"{trade.number} H-2"):
        [match] = (await done(both.buyer.get("scan", params={"code": seen})))["matches"]
        assert match["kind"] == "order"
    for word in ("送货单", "阿尔法汽车", "外壳 Housing 1", "粤B12345", "<b>&amp;"):
        assert word in told


async def test_a_notice_without_packages_has_one_label(stores: Stores, sign_in: SignIn) -> None:
    trade = await a_trade(stores["logistics"], 10)
    both = sides(sign_in, trade)
    shipment = await done(both.supplier.post("shipments", json=notice(trade, 8)))
    answer = await both.supplier.get(f"shipments/{shipment['id']}/label")
    [[(kind, text)]] = codes(answer.content)
    assert kind == "QRCode"
    [match] = (await done(both.supplier.get("scan", params={"code": text})))["matches"]
    assert match["shipment_number"] == shipment["number"] == "ASN-000001"
