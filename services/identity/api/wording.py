"""What rights and roles are called where people read them; the catalog has them in Chinese."""

from contracts.scopes import Role, Scope

SCOPES = {
    Scope.IDENTITY_ADMINISTER: "Administer people, programs and sessions",
    Scope.IDENTITY_OPERATE: "Operate the platform's organizations",
    Scope.INSIGHTS_OPERATE: "Preview and publish the regulator's tables",
    Scope.INSIGHTS_READ: "See figures of the organization and its partners",
    Scope.INSIGHTS_REGULATE: "See the published tables",
    Scope.LOGISTICS_IMPORT: "Import shipments and receipts",
    Scope.LOGISTICS_READ: "See shipments and receipts",
    Scope.LOGISTICS_RECEIVE: "Receive and accept goods",
    Scope.LOGISTICS_SHIP: "Announce and ship goods",
    Scope.LOGISTICS_TRACK: "Report where shipments are",
    Scope.ONBOARDING_IMPORT: "Import relationships",
    Scope.ONBOARDING_READ: "See with whom the organization works",
    Scope.ONBOARDING_WRITE: "Begin and end relationships",
    Scope.ORDERS_COMMENT: "Write messages on orders",
    Scope.ORDERS_CONFIRM: "Confirm orders and agree to changes",
    Scope.ORDERS_IMPORT: "Import orders",
    Scope.ORDERS_PLACE: "Place and change orders",
    Scope.ORDERS_READ: "See orders",
    Scope.PLATFORM_OPERATE: "Operate the platform's events",
    Scope.PLATFORM_READ: "See the platform's health",
    Scope.PRODUCTION_IMPORT: "Import production reports",
    Scope.PRODUCTION_READ: "See production progress",
    Scope.PRODUCTION_WRITE: "Report production progress",
    Scope.SETTLEMENT_APPROVE: "Approve payments",
    Scope.SETTLEMENT_IMPORT: "Import invoices and payments",
    Scope.SETTLEMENT_INVOICE: "Send invoices and agree statements",
    Scope.SETTLEMENT_MATCH: "Check invoices and agree statements",
    Scope.SETTLEMENT_PAY: "Propose and record payments",
    Scope.SETTLEMENT_READ: "See invoices, statements and balances",
}
ROLES = {
    Role.BUYER_FINANCE: "Buyer: finance",
    Role.BUYER_PROCUREMENT: "Buyer: procurement",
    Role.BUYER_QUALITY: "Buyer: quality",
    Role.ORGANIZATION_ADMIN: "Administrator",
    Role.PARTNER_BANK: "Bank",
    Role.PARTNER_CARRIER: "Carrier",
    Role.PLATFORM_OPERATOR: "Platform operator",
    Role.REGULATOR_VIEWER: "Regulator",
    Role.SUPPLIER_FINANCE: "Supplier: finance",
    Role.SUPPLIER_LOGISTICS: "Supplier: logistics",
    Role.SUPPLIER_PRODUCTION: "Supplier: production",
    Role.SUPPLIER_SALES: "Supplier: sales",
}


def role_words(role: str) -> str:
    """Name a role as it was kept; one that is no longer known keeps its internal name."""
    known = {str(name): words for name, words in ROLES.items()}
    return known.get(role, role)


def scope_words(scope: str) -> str:
    """Name a right; a new one that has no words yet keeps its internal name."""
    known = {str(name): words for name, words in SCOPES.items()}
    return known.get(scope, scope)
