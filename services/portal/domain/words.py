"""What problems are called, in the reader's words and with the remedy; msgids of the catalog."""

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
    "too-large": (_("That is too large"), _("Send at most 2 MB; split larger files.")),
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
    if kind in BY_KIND:
        return BY_KIND[kind]
    if status in BY_STATUS:
        return BY_KIND[BY_STATUS[status]]
    return _("That cannot be done"), ""
