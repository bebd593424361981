"""How a notice is spread over packages when nobody says otherwise."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal

PACKAGES_MAX = 200
_ = str  # marks what the catalog translates

KINDS = {
    "pallet": _("Pallet"),
    "carton": _("Carton"),
    "crate": _("Wooden case"),
    "bag": _("Bag"),
    "drum": _("Drum"),
    "bundle": _("Bundle"),
    "other": _("Other"),
}


def spread(quantities: Sequence[Decimal], packages: int) -> list[dict[int, Decimal]]:
    """Spread each line evenly over so many packages, whole pieces where the line is whole.

    Returns for each package how much of which line (from 1) lies in it; nothing is left over.
    """
    spread_out: list[dict[int, Decimal]] = [{} for _ in range(packages)]
    for line, quantity in enumerate(quantities, start=1):
        step = Decimal(1) if quantity == quantity.to_integral_value() else Decimal("0.000001")
        each = (quantity / packages).quantize(step, ROUND_DOWN)
        more = int((quantity - each * packages) / step)
        for n, package in enumerate(spread_out):
            part = each + (step if n < more else 0)
            if part:
                package[line] = part
    return [package for package in spread_out if package]


def as_asked(packages: Sequence[dict[int, Decimal]], kind: str) -> list[dict[str, object]]:
    """Write packages as the API takes them."""
    return [
        {
            "kind": kind,
            "lines": [
                {"line": line, "quantity": format(quantity, "f")}
                for line, quantity in package.items()
            ],
        }
        for package in packages
    ]
