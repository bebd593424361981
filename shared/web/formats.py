"""Dates, numbers, money and units as a reader of a language writes them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_symbol
from markupsafe import Markup

from contracts.values import Money, minor_digits, plain
from shared.web.languages import Language
from shared.web.units import CURRENCIES, UNITS

WAN, YI = Decimal(10_000), Decimal(100_000_000)  # 万 and 亿, the steps in which Chinese counts
THOUSAND, MILLION = Decimal(1_000), Decimal(1_000_000)
DASH = "—"


@dataclass(frozen=True)
class Formats:
    """How one reader writes values; the zone says which day it is."""

    language: Language
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def _is_chinese(self) -> bool:
        return self.language is Language.ZH

    def day(self, value: date | None, *, bare: bool = False) -> Markup:
        """Write `11-26 周四`, in full on hover; another year is written with its number."""
        if value is None:
            return Markup('<span class="quiet">—</span>')
        full = format_date(value, "full", locale=self.language.locale)
        if value.year != self.today.year:
            return Markup('<time datetime="{0}" title="{1}">{0}</time>').format(value, full)
        short = f"{value:%m-%d}"
        week = "" if bare else self.weekday(value)
        tail = Markup(' <span class="quiet">{}</span>').format(week) if week else ""
        return Markup('<time datetime="{}" title="{}">{}{}</time>').format(value, full, short, tail)

    def weekday(self, value: date) -> str:
        return format_date(value, "ccc", locale=self.language.locale)

    def moment(self, value: datetime | None) -> Markup:
        """Write `11-23 14:05` in the reader's zone, in full on hover."""
        if value is None:
            return Markup('<span class="quiet">—</span>')
        local = value.astimezone(self.zone)
        full = format_datetime(local, "full", locale=self.language.locale)
        short = f"{local:%m-%d %H:%M}" if local.year == self.today.year else f"{local:%Y-%m-%d}"
        iso = value.astimezone(UTC).isoformat(timespec="seconds")
        return Markup('<time class="num" datetime="{}" title="{}">{}</time>').format(
            iso, full, short
        )

    def number(self, value: Decimal | float | str | None, *, digits: int | None = None) -> str:
        """Write `12,000` or `0.5`; a missing value is a dash."""
        if value is None:
            return DASH
        exact = Decimal(str(value))
        if digits is not None:
            return format_decimal(
                exact, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale="en"
            )
        text = plain(exact)
        whole, _, rest = text.partition(".")
        grouped = format_decimal(Decimal(whole), format="#,##0", locale="en")
        grouped = f"-{grouped}" if whole == "-0" else grouped
        return (f"{grouped}.{rest}" if rest else grouped).replace("-", "−")

    def unit(self, code: str) -> str:
        names = UNITS.get(code)
        return (names[0] if self._is_chinese() else names[1]) if names else code

    def currency(self, code: str) -> str:
        return CURRENCIES.get(code, code) if self._is_chinese() else code

    def currency_symbol(self, code: str) -> str:
        return str(get_currency_symbol(code, locale=self.language.locale))

    def money(self, value: Money | None) -> str:
        """Write an amount to its smallest unit and without its currency, which the head names."""
        if value is None:
            return DASH
        return self.number(value.amount, digits=minor_digits(value.currency))

    def round_money(self, value: Money) -> str:
        """Write an amount for a dense list: from 1,000 on without decimals."""
        whole = abs(value.amount) >= THOUSAND
        return self.number(value.amount, digits=0 if whole else minor_digits(value.currency))

    def full_money(self, value: Money) -> str:
        """Write an amount with its currency: `3,853,800.00 元`."""
        return f"{self.money(value)} {self.currency(value.currency)}"

    def large(self, value: Money) -> tuple[str, str]:
        """Write a headline's amount in 万元 or 亿元 (K or M in English), and name that unit."""
        chinese, english = ((YI, "亿"), (WAN, "万")), ((MILLION, "M "), (THOUSAND, "K "))
        for step, name in chinese if self._is_chinese() else english:
            if abs(value.amount) >= step:
                short = value.amount / step
                digits = 0 if short >= THOUSAND else 1 if short >= 100 else 2  # noqa: PLR2004
                return self.number(short, digits=digits), f"{name}{self.currency(value.currency)}"
        return self.money(value), self.currency(value.currency)
