"""What roles, scopes and what is on record are called; msgids of the catalog."""

from contracts.scopes import GRANTED_BY_OPERATOR, OPERATORS, Role, Scope

_ = str  # marks what the catalog translates

ROLE_WORDS: dict[str, str] = {
    Role.BUYER_PROCUREMENT: _("Procurement"),
    Role.BUYER_QUALITY: _("Quality"),
    Role.BUYER_FINANCE: _("Finance (buying)"),
    Role.SUPPLIER_SALES: _("Sales"),
    Role.SUPPLIER_PRODUCTION: _("Production"),
    Role.SUPPLIER_LOGISTICS: _("Logistics"),
    Role.SUPPLIER_FINANCE: _("Finance (selling)"),
    Role.ORGANIZATION_ADMIN: _("Administrator"),
    Role.PARTNER_CARRIER: _("Carrier"),
    Role.PARTNER_BANK: _("Bank"),
    Role.REGULATOR_VIEWER: _("Regulator"),
    Role.PLATFORM_OPERATOR: _("Platform operator"),
}
SCOPE_WORDS: dict[str, str] = {
    Scope.IDENTITY_ADMINISTER: _("administer people and programs"),
    Scope.ONBOARDING_READ: _("read relationships"),
    Scope.ONBOARDING_WRITE: _("propose and change relationships"),
    Scope.ORDERS_READ: _("read orders"),
    Scope.ORDERS_COMMENT: _("write messages"),
    Scope.ORDERS_PLACE: _("place orders"),
    Scope.ORDERS_CONFIRM: _("confirm orders"),
    Scope.PRODUCTION_READ: _("read progress"),
    Scope.PRODUCTION_WRITE: _("report progress"),
    Scope.ONBOARDING_IMPORT: _("import relationships"),
    Scope.ORDERS_IMPORT: _("import past orders"),
    Scope.PRODUCTION_IMPORT: _("import past reports"),
    Scope.LOGISTICS_READ: _("read shipments and receipts"),
    Scope.LOGISTICS_SHIP: _("announce and send shipments"),
    Scope.LOGISTICS_RECEIVE: _("receive and accept goods"),
    Scope.LOGISTICS_TRACK: _("track what one carries"),
    Scope.LOGISTICS_IMPORT: _("import past shipments and receipts"),
    Scope.SETTLEMENT_READ: _("read what is owed, invoices and statements"),
    Scope.SETTLEMENT_INVOICE: _("send invoices and agree on statements"),
    Scope.SETTLEMENT_MATCH: _("decide on invoices and agree on statements"),
    Scope.SETTLEMENT_PAY: _("propose and record payments"),
    Scope.SETTLEMENT_APPROVE: _("approve payments"),
    Scope.SETTLEMENT_IMPORT: _("import past invoices and payments"),
    Scope.INSIGHTS_READ: _("read scorecards"),
    Scope.INSIGHTS_REGULATE: _("read published figures"),
    Scope.INSIGHTS_OPERATE: _("publish figures"),
    Scope.IDENTITY_OPERATE: _("register organizations"),
    Scope.PLATFORM_READ: _("watch the operation"),
    Scope.PLATFORM_OPERATE: _("replay and discard events"),
}
OPERATOR_ONLY = GRANTED_BY_OPERATOR | {Scope.PLATFORM_READ}
ACTION_WORDS: dict[str, str] = {
    "signed_in": _("signed in"),
    "sign_in_failed": _("failed to sign in"),
    "signed_out": _("signed out"),
    "invited": _("invited"),
    "joined": _("joined"),
    "invitation_withdrawn": _("withdrew the invitation of"),
    "roles_changed": _("changed the roles of"),
    "member_removed": _("removed"),
    "member_suspended": _("suspended"),
    "member_resumed": _("resumed"),
    "client_registered": _("registered the program"),
    "client_secret_drawn": _("drew a new secret for"),
    "client_keys_set": _("set the keys of"),
    "client_ended": _("ended the program"),
    "session_ended": _("ended a session of"),
    "password_changed": _("changed the password"),
    "password_reset": _("reset the password"),
    "registered": _("registered the organization"),
    "suspended": _("suspended"),
    "resumed": _("resumed"),
}


def given_by_administrators(*, operates: bool) -> list[str]:
    """Return the roles an administrator may give; the operator gives all."""
    return [role.value for role in Role if operates or role not in OPERATORS]


def scopes_for_programs() -> list[str]:
    """Return the scopes an organization may grant to its own programs."""
    return [scope.value for scope in Scope if scope not in OPERATOR_ONLY]
