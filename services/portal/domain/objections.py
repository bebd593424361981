"""What problems of inviting, receiving, paying and publishing are called, and the remedy."""

_ = str  # marks what the catalog translates

BUYING: dict[str, tuple[str, str]] = {
    "already-received": (
        _("This shipment was received before"),
        _("Look at its receipt; nothing was recorded twice."),
    ),
    "not-on-this-notice": (
        _("A line is not on this notice"),
        _("Put it under what came and is not on the list."),
    ),
    "other-supplier": (
        _("A receipt is about one supplier's goods"),
        _("Receive the goods of another supplier on their own."),
    ),
    "supplier-unknown": (_("Whose goods came?"), _("Scan a label, or type the order number.")),
    "more-damaged-than-received": (
        _("More is damaged than came"),
        _("Damaged pieces are part of what was counted."),
    ),
    "more-than-waits": (_("That is more than waits"), _("Write at most what waits.")),
    "reason-missing": (_("The reason is missing"), _("Say why it is rejected; they read it.")),
    "nothing-waits": (
        _("Everything on this receipt has been judged"),
        _("Load the page again to see how."),
    ),
    "deemed-accepted": (
        _("The days of inspection are over"),
        _("What was not judged counts as accepted; settle the rest with the supplier."),
    ),
    "order-not-known-yet": (
        _("The order is not known here yet"),
        _("Send it again in a moment; what you typed is kept."),
    ),
    "unusable-photo": (
        _("The photo cannot be read"),
        _("Choose a JPEG or PNG photo of at most 5 MB."),
    ),
    "invitation-exists": (
        _("Somebody was invited at this address before"),
        _("Look at the invitations; send that one again."),
    ),
    "duplicate-payment": (
        _("A payment with this reference is recorded already"),
        _("Look at the payments, or write another reference."),
    ),
    "more-than-payable": (
        _("That is more than is payable"),
        _("Write at most what is payable and unpaid."),
    ),
    "nothing-payable": (
        _("Nothing is payable until then"),
        _("Choose a later day, or look at what is in the match queue or proposed already."),
    ),
    "not-payable-yet": (
        _("It is not matched with accepted goods yet"),
        _("Try again once they have been accepted."),
    ),
    "approval-needed": (
        _("This amount needs an approval"),
        _("Propose it; another person approves."),
    ),
    "approve-as-another": (
        _("Another person must approve"),
        _("You proposed or approved it already."),
    ),
    "month-is-not-over": (
        _("This month is not over yet"),
        _("Choose a month that has ended."),
    ),
    "already-released": (
        _("This month has been published"),
        _("What was published stays; choose another month."),
    ),
    "not-audited": (
        _("The preview has not passed the audit"),
        _("Make a new preview and wait until it has passed."),
    ),
    "another-came-first": (
        _("Another release came first"),
        _("Make a new preview: both must be audited together."),
    ),
}
