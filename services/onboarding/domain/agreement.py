"""The agreement: one text per version and language, filled in with who agrees on what."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from contracts.onboarding import Signatory, TermFrom, Terms
from contracts.values import plain

CURRENT = "2026-1"
FROM: Mapping[str, Mapping[TermFrom, str]] = {
    "zh": {
        TermFrom.DELIVERY: "交付之日",
        TermFrom.ACCEPTANCE: "验收合格之日",
        TermFrom.STATEMENT: "对账单确认之日",
    },
    "en": {
        TermFrom.DELIVERY: "delivery",
        TermFrom.ACCEPTANCE: "acceptance of the goods",
        TermFrom.STATEMENT: "agreement of the statement",
    },
}
INTEREST = {"zh": "每日万分之五", "en": "0.05 % per day"}  # Decree 802, Article 17
NONE = {"zh": "无", "en": "none"}
YEARLY = {"zh": "年利率 {}%", "en": "{} % per year"}
PLEDGE = {
    "zh": "采购方已签署 2025 年 9 月 15 日《汽车整车企业供应商账款支付规范倡议》，"
    "账期不超过 60 日。",
    "en": "The buyer has signed the initiative of 15 September 2025 on payments to suppliers of the"
    " automobile industry and pays within 60 days.",
}


@dataclass(frozen=True)
class Party:
    """One side by name, as the agreement names it."""

    name: str
    uscc: str | None = None

    @classmethod
    def of(cls, name: str, signatory: Signatory | None) -> "Party":
        """Name a side with the code that it signs with."""
        return cls(name, signatory.uscc if signatory else None)


@dataclass(frozen=True)
class Text:
    """A text that can be accepted, and its SHA-256 over its UTF-8."""

    version: str
    language: str
    text: str

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def filled(  # noqa: PLR0913  what an agreement names
    template: str, *, version: str, language: str, buyer: Party, supplier: Party, terms: Terms
) -> Text:
    """Fill a version's text in; the same facts give the same text, to the last character."""
    none = NONE[language]
    cap = terms.amount_tolerance
    values = {
        "version": version,
        "buyer": buyer.name,
        "buyer_uscc": buyer.uscc or none,
        "supplier": supplier.name,
        "supplier_uscc": supplier.uscc or none,
        "quantity_tolerance": plain(terms.quantity_tolerance_percent),
        "price_tolerance": plain(terms.price_tolerance_percent),
        "amount_tolerance": f"{plain(cap.amount)} {cap.currency}" if cap else none,
        "acceptance_days": terms.acceptance_working_days,
        "payment_days": terms.payment_days,
        "payment_from": FROM[language][terms.payment_from],
        "interest": INTEREST[language]
        if terms.late_interest_percent is None
        else YEARLY[language].format(plain(terms.late_interest_percent)),
        "pledge": PLEDGE[language] if terms.pledged_60_days else "",
    }
    text = template.format_map(values)
    lines = (line.rstrip() for line in text.splitlines())
    return Text(version, language, "\n".join(lines).strip() + "\n")
