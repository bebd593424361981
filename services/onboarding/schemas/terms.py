"""Terms and signatories as requests carry them: bounded, and known to the national standards."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema, model_validator

from contracts.onboarding import Signatory, Size, TermFrom, Terms
from contracts.values import Money
from shared.classifications import industries, industry_code, regions
from shared.types import Amount, Body, CurrencyCode, Percentage
from shared.uscc import UsccCode

DAYS_MAX = 365
CODE_MAX = 20


def _region(code: str) -> str:
    if code not in regions():
        raise ValueError("is no region by GB/T 2260; choose one of /regions")
    return code


def _industry(typed: str) -> str:
    code = industry_code(typed)
    if code is None or len(code) < len("C36"):
        raise ValueError("is no industry by GB/T 4754-2017; choose one of /industries")
    return industries()[code].code


def _shown(example: str) -> Any:  # noqa: ANN401  pydantic's marker
    return WithJsonSchema({"type": "string", "maxLength": CODE_MAX, "examples": [example]})


_Code = Annotated[str, StringConstraints(min_length=1, max_length=CODE_MAX, strip_whitespace=True)]
RegionCode = Annotated[_Code, AfterValidator(_region), _shown("440300")]
IndustryCode = Annotated[_Code, AfterValidator(_industry), _shown("C3670")]
Days = Annotated[int, Field(ge=0, le=DAYS_MAX, strict=True)]


class MoneyIn(Body):
    """An amount with its currency."""

    amount: Amount
    currency: CurrencyCode

    @model_validator(mode="after")
    def _is_whole_in_minor_units(self) -> Self:
        self.told()
        return self

    def told(self) -> Money:
        """Return it as it is kept and told."""
        return Money(amount=self.amount, currency=self.currency)


class TermsIn(Body):
    """What both sides agree on for receiving and paying; what is left out has its default."""

    quantity_tolerance_percent: Percentage = Decimal(0)
    price_tolerance_percent: Percentage = Decimal(0)
    amount_tolerance: MoneyIn | None = None
    acceptance_working_days: Days = 3
    payment_days: Days = 60
    payment_from: TermFrom = TermFrom.ACCEPTANCE
    late_interest_percent: Percentage | None = None
    lpr_percent: Percentage | None = None
    pledged_60_days: Annotated[bool, Field(strict=True)] = False

    def agreed(self) -> Terms:
        """Return them as they are kept and told."""
        values = self.model_dump(exclude={"amount_tolerance"})
        cap = self.amount_tolerance
        return Terms(**values, amount_tolerance=cap.told() if cap else None)


class SignatoryIn(Body):
    """What one side was when the relationship was signed, as far as it is known."""

    uscc: UsccCode | None = None
    size: Size | None = None
    region: RegionCode | None = None
    industry: IndustryCode | None = None
    group: UsccCode | None = None

    def told(self) -> Signatory:
        """Return it as it is kept and told."""
        return Signatory(**self.model_dump())
