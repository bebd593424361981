"""What problems of joining, shipping and invoicing are called, and the remedy; msgids."""

_ = str  # marks what the catalog translates

SUPPLYING: dict[str, tuple[str, str]] = {
    "wrong-uscc": (
        _("This is no valid code"),
        _("Compare it with the business license: 18 characters, without I, O, S, V and Z."),
    ),
    "already-here": (
        _("Your company is here already"),
        _("Sign in as its administrator, or ask whoever is."),
    ),
    "incomplete": (
        _("Something is still missing"),
        _("Fill in what is empty, then send it again."),
    ),
    "agreement-differs": (
        _("The agreement has changed meanwhile"),
        _("Read it again as it is now, then agree."),
    ),
    "not-confirmed": (
        _("A line is not confirmed, or was cancelled"),
        _("Confirm it first; then it can be shipped."),
    ),
    "other-buyer": (
        _("A notice goes to one buyer"),
        _("Make a notice for each of them."),
    ),
    "carrier-unknown": (
        _("This carrier is not on the platform"),
        _("Write its name instead, or ask it to register."),
    ),
    "more-than-left": (_("That is more than is left"), _("Write at most what is left.")),
    "packed-otherwise": (
        _("The packages hold more than the notice"),
        _("Write at most the quantity of the line into all packages together."),
    ),
    "out-of-order": (
        _("It cannot arrive before it leaves"),
        _("Check both days and times."),
    ),
    "not-yet-happened": (
        _("That day is in the future"),
        _("Write when it happened; what is still to come is an estimate."),
    ),
    "already-departed": (
        _("It has left already, or was cancelled"),
        _("Load the page again to see how it stands."),
    ),
    "not-under-way": (_("It is not on its way"), _("Load the page again to see how it stands.")),
    "quantity-too-large": (_("The quantity is too large"), _("Check it, or split it.")),
    "nothing-accepted": (
        _("Nothing that was accepted is left"),
        _("It appears here as soon as the buyer has accepted a delivery."),
    ),
    "not-accepted-yet": (
        _("It has not been accepted yet"),
        _("Wait for the acceptance; it then matches by itself."),
    ),
    "duplicate-invoice": (
        _("The same invoice is here already"),
        _("Look for it in the list of invoices."),
    ),
    "currencies-mixed": (
        _("One document has one currency"),
        _("Make one for each currency."),
    ),
    "nothing-disputed": (
        _("Nothing waits for a decision"),
        _("Load the page again to see how it stands."),
    ),
    "statement-frozen": (
        _("Both sides have agreed: the statement is frozen"),
        _("What is missing comes onto the next month's."),
    ),
    "statement-not-agreed": (
        _("Both sides have not agreed on the statement yet"),
        _("Answer its lines first; then it can be invoiced."),
    ),
}
