"""Show summaries and reconciliations in the terminal."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lianqiao.importing.ocel.summary import NEEDED, Summary
from lianqiao.importing.reconciliation import Reconciliation, written
from lianqiao.importing.staging import Counted

WORDS_MAX = 6


def print_summary(console: Console, summary: Summary) -> None:
    """Show what a log holds, and what a mapping of it must name."""
    for title, types in (("Object types", summary.objects), ("Event types", summary.events)):
        table = _table(title, "count", "attributes")
        for type_ in types:
            table.add_row(type_.name, f"{type_.count:,}", ", ".join(type_.attributes))
        console.print(table)
    relations = _table("Relations", "count")
    for one in summary.relations:
        relations.add_row(f"{one.source} → “{one.qualifier}” → {one.target}", f"{one.count:,}")
    console.print(relations)
    console.print(f"Time: {summary.first_at} to {summary.last_at}\n")
    needed = "\n".join(f"• {what}" for what in NEEDED)
    console.print(Panel(needed, title="A mapping must name", title_align="left"))
    for name in summary.fitting:
        console.print(f"A mapping that ships fits this log: run again with --mapping {name}")


def print_reconciliation(console: Console, account: Reconciliation) -> None:
    """Show the account of an import: rows, unknowns, oddities, what waits, and the sums."""
    console.print(f"{account.source}: orders of {account.buyer}", markup=False, highlight=False)
    parts = [_rows(account)]
    if account.unknown:
        parts.append(_unknown(account))
    if account.oddities:
        parts.append(_oddities(account))
    if account.documents:
        parts.append(_documents(account))
    for title, counted in (
        ("Told beside the orders", account.taken),
        ("Told, and taken in by no service", account.untaken),
    ):
        if counted:
            parts.append(_counted(account, title, counted))
    console.print(Group(*parts))
    for one in account.differences:
        console.print(
            f"[red]{one.supplier}: {one.what}: given {account.money(one.given_minor)} in "
            f"{one.given_count}, stored {account.money(one.stored_minor)} in "
            f"{one.stored_count}[/red]"
        )
    if account.refused:
        console.print(
            f"[red]{account.refused:,} rows were refused; the reason of each is in "
            f"{account.refused_file}[/red]"
        )
    console.print(_verdict(account))


def _rows(account: Reconciliation) -> Table:
    table = _table("Rows", "count")
    table.add_row("rows read", f"{account.rows:,}")
    for status in account.lines:
        orders = f" in {account.orders[status]:,} orders"
        table.add_row(f"order lines {status}{orders}", f"{account.lines[status]:,}")
    table.add_row("rows refused", f"{account.refused:,}")
    table.add_row("suppliers", f"{account.suppliers:,}")
    table.add_row("organizations newly registered", f"{account.organizations_new:,}")
    return table


def _unknown(account: Reconciliation) -> Table:
    table = _table("Unknown values", "count", "as written")
    for field, words in account.unknown.items():
        said = ", ".join(f"“{word}” {count:,}" for word, count in list(words.items())[:WORDS_MAX])
        more = f", {len(words) - WORDS_MAX} more" if len(words) > WORDS_MAX else ""
        table.add_row(field, f"{sum(words.values()):,}", said + more)
    return table


def _oddities(account: Reconciliation) -> Table:
    table = _table("Odd, and taken in as it is", "count", "amount", "note")
    for kind, count, amount, note in account.oddities:
        table.add_row(kind, f"{count:,}", _amount(account, amount), note)
    return table


def _documents(account: Reconciliation) -> Table:
    table = _table("Documents", "count", "amount", "stored")
    for one in account.documents:
        said = ", ".join(f"{count:,} {status}" for status, count in one.statuses.items())
        stored, amount = "", one.given.amount_minor if one.has_amount else None
        if one.stored:
            stored = f"{one.stored.number:,}"
            if one.has_amount:
                stored += f" of {written(one.stored.amount_minor, account.currency)}"
            stored = f"[green]✓ {stored}[/green]" if one.stored == one.given else f"[red]✗ {stored}"
        name = f"{one.what} ({said})" if said else one.what
        table.add_row(name, f"{one.given.number:,}", _amount(account, amount), stored)
    return table


def _counted(account: Reconciliation, title: str, counted: Sequence[Counted]) -> Table:
    table = _table(title, "count", "amount", "service")
    for service, name, counts, amount in counted:
        for turn, (what, count) in enumerate(counts.items()):
            total = _amount(account, None if turn else amount)
            table.add_row(f"{name}: {what}", f"{count:,}", total, service or "none")
    return table


def _verdict(account: Reconciliation) -> Text:
    given = written(account.given_minor, account.currency)
    if account.stored_minor is None:
        return Text(f"Dry run: {given} would be imported. Nothing was sent.")
    stored = written(account.stored_minor, account.currency)
    said = f"given {given} · stored {stored}, as the suppliers' own clients read it"
    if account.matches:
        return Text(f"✓ {said}: equal to the cent", style="bold green")
    return Text(f"✗ {said}", style="bold red")


def _amount(account: Reconciliation, amount_minor: int | None) -> str:
    return "" if amount_minor is None else written(amount_minor, account.currency)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False)
    table.add_column("", overflow="fold")
    for column in columns:
        right = column in ("count", "amount")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table
