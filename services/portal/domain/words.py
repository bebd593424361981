"""What problems are called, in the reader's words and with the remedy; msgids of the catalog."""

from services.portal.domain.objections import BUYING
from services.portal.domain.refusals import SUPPLYING

_ = str  # marks what the catalog translates

BY_KIND: dict[str, tuple[str, str]] = {
    "unauthorized": (_("You are not signed in"), _("Sign in again; what you typed is kept.")),
    "forbidden": (
        _("This is not yours to do"),
        _("Your role does not include this. Ask your organization's administrator for it."),
    ),
    "not-found": (
        _("There is nothing here"),
        _("It does not exist, or it belongs to others. Look for it in the list."),
    ),
    "busy": (
        _("Somebody else is changing this"),
        _("Nothing was changed. Send it again in a moment."),
    ),
    "away": (
        _("A part of the platform does not answer"),
        _("Nothing was lost. Try again in a moment; what you typed is still in the form."),
    ),
    "defect": (
        _("Something went wrong on our side"),
        _("Nothing was changed. Try again; if it stays so, tell the operator the number below."),
    ),
    "stale-page": (
        _("The page was open too long"),
        _("Go back, load the page again and send it once more."),
    ),
    "sign-in-failed": (
        _("The sign-in did not finish"),
        _("It took too long or was begun in another window. Begin again."),
    ),
    "invalid-input": (_("Something is not filled in as it should be"), _("Check the fields.")),
    "number-taken": (
        _("You have another order under this number"),
        _("Give this one another number, or look at the one that is there."),
    ),
    "no-active-relationship": (
        _("You have no active relationship with this supplier"),
        _("Propose one, or have it resumed, under Partners; then place the order."),
    ),
    "position-twice": (
        _("Two lines have the same line number"),
        _("Give each line a number of its own."),
    ),
    "amount-impossible": (
        _("The amount cannot be written in this currency"),
        _("Check quantity and price, or split the order."),
    ),
    "already-confirmed": (
        _("It has been confirmed already"),
        _("To alter what was promised, propose a change."),
    ),
    "change-is-open": (
        _("A proposal waits for an answer"),
        _("Answer or withdraw it first."),
    ),
    "more-than-asked": (
        _("That is more than was ordered"),
        _("Write at most the ordered quantity; for more, the buyer places another order."),
    ),
    "less-than-made": (
        _("More than that is finished already"),
        _("Write at least what is finished."),
    ),
    "nothing-left": (_("It is completed or cancelled"), _("Nothing about it is left to agree on.")),
    "nothing-changes": (_("That is what holds already"), _("Write another quantity or day.")),
    "own-proposal": (_("This is your own proposal"), _("The other side answers it.")),
    "already-decided": (_("It has been answered already"), _("Load the page again to see how.")),
    "not-your-side": (_("The other side decides this"), _("You can write to them on the order.")),
    "other-sides-turn": (_("It is the other side's turn"), _("You can only wait, or end it.")),
    "organization-not-known-yet": (
        _("No organization has this number"),
        _("Check it with your partner; a new one is known after a minute."),
    ),
    "relationship-exists": (_("You work together already"), _("Look at the list.")),
    "with-itself": (_("That is your own number"), _("Ask your supplier for theirs.")),
    "not-now": (
        _("The relationship has changed meanwhile"),
        _("Load the page again to see how it stands."),
    ),
    "more-than-ordered": (
        _("That is more than is left to make"),
        _("Write at most what can still be reported."),
    ),
    "more-than-came-before": (
        _("That is more than has left the operation before"),
        _("Report the operation before first, or write less."),
    ),
    "nothing-reported": (_("Nothing is reported"), _("Write how many are good, or scrapped.")),
    "later-operations-need-it": (
        _("A later operation has used these already"),
        _("Take the later report back first."),
    ),
    "already-reversed": (_("It was taken back before"), _("Report what is right as a new report.")),
    "already-started": (
        _("The operations are fixed after the first report"),
        _("Take all reports back first, if they are wrong."),
    ),
    "work-order-cancelled": (
        _("This work was cancelled"),
        _("What was made stays on record."),
    ),
    "not-the-supplier": (_("Only the supplier reports"), _("You can watch here.")),
    "no-such-operation": (_("There is no such operation"), _("Choose one of the list.")),
    "unusable-sheet": (
        _("This is not the template"),
        _("Download the template again and fill that one in."),
    ),
    "unusable-cell": (_("A cell cannot be read"), _("Write a number of 0 or more.")),
    "already-member": (
        _("This colleague works here already"),
        _("Change the roles in the list instead."),
    ),
    "last-administrator": (
        _("One administrator must stay"),
        _("Make somebody else administrator first."),
    ),
    "not-yours-to-give": (
        _("Only the platform's operator grants this"),
        _("Ask the operator, or choose other roles."),
    ),
    "client-name-taken": (_("Another program has this name"), _("Give it another name.")),
    "unsound-client": (
        _("This program could not work so, or not safely"),
        _("Check redirect addresses, keys and how it proves who it is."),
    ),
    "invitation-is-over": (_("The invitation is over"), _("Send a new one.")),
    "identifier-taken": (_("Another organization has this code"), _("Check the code.")),
    "own-organization": (_("This is your own organization"), _("You cannot suspend it.")),
    "conflict": (_("It cannot be done as things stand"), ""),
    "too-large": (_("That is too large"), _("Send at most 2 MB; split larger files.")),
    **SUPPLYING,
    **BUYING,
}
BY_STATUS: dict[int, str] = {
    400: "stale-page",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    413: "too-large",
    429: "busy",
    500: "defect",
    503: "away",
}


def words_for(kind: str, status: int) -> tuple[str, str]:
    """Return what a problem is called and what to do about it; no remedy: use its detail."""
    if kind in BY_KIND or status in BY_STATUS:
        return BY_KIND[kind if kind in BY_KIND else BY_STATUS[status]]
    if kind.endswith("-not-found"):
        return BY_KIND["not-found"]
    return _("That cannot be done"), ""
