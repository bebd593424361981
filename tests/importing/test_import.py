"""Imports through the public APIs of a running installation: complete, repeatable, unbreakable."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.importing import factories
from tests.importing.running import Installation
from tests.program.conftest import with_patience

MANY = 2_500

pytestmark = pytest.mark.timeout(1_800)  # whole programs start and end here, beside other tests
Import = Callable[..., tuple[str, ...]]


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "log.toml"
    path.write_text(factories.MAPPING, encoding="utf-8")
    return str(path)


@pytest.fixture
def columns(tmp_path: Path) -> str:
    path = tmp_path / "columns.toml"
    path.write_text(factories.LINES_MAPPING, encoding="utf-8")
    return str(path)


def many(buyer: str, folder: Path) -> tuple[str, ...]:
    """Write many orders of one buyer, and return the command that imports them."""
    mapping = folder / "many.toml"
    text = factories.LINES_MAPPING.replace("Wheel Works", buyer)
    mapping.write_text(text, encoding="utf-8")
    rows = [
        [str(turn), f"N-{turn}", f"Supplier {turn % 5}", "Rim", "2", "3.10", "6.20", "01.03.2024",
         "10.01.2024", "n/a"]
        for turn in range(MANY)
    ]  # fmt: skip
    path = factories.lines(folder / "many.csv", rows)
    return "import", "deliveries", str(path), "-m", str(mapping), "--json"


def test_a_log_is_imported_and_in_its_other_form_changes_nothing(
    installation: Installation, tmp_path: Path, mapping: str
) -> None:
    tables = factories.log(tmp_path / "log.sqlite")
    document = factories.log(tmp_path / "log.json")

    first = installation.run("import", "ocel", str(tables), "--mapping", mapping, "--json")
    again = installation.run("import", "ocel", str(document), "--mapping", mapping, "--json")

    assert (first.code, again.code) == (0, 0), first.errors + again.errors
    assert first.told["orders"] == {"accepted": 2}
    assert first.told["organizations_new"] == 3
    assert first.told["given"] == first.told["stored"] == "212.35"
    documents = first.told["documents"]
    assert documents["receipts"] == {"accepted": 2, "given": 2, "stored": 2}
    assert documents["order lines received"]["stored_amount"] == "92.50"
    assert documents["invoices"]["stored_amount"] == "92.50"
    assert documents["payments"]["stored_amount"] == "92.50"  # executed thrice, posted once
    assert again.told["documents"]["payments"]["unchanged"] == 1
    assert again.told["lines"] == {"unchanged": 3}
    assert again.told["organizations_new"] == 0
    assert again.told["stored"] == "212.35"
    assert "orders" in first.errors  # the progress bars


def test_a_list_is_imported_as_csv_and_changes_nothing_as_excel(
    installation: Installation, tmp_path: Path, columns: str
) -> None:
    given = factories.lines(tmp_path / "lines.csv"), factories.lines(tmp_path / "lines.xlsx")
    first, again = (
        installation.run("import", "deliveries", str(path), "-m", columns, "--json")
        for path in given
    )

    assert first.told["lines"] == {"accepted": 3}
    assert again.told["lines"] == {"unchanged": 3}
    assert first.told["stored"] == again.told["stored"] == "642306.66"
    on_time = again.told["documents"]["of them on or before due date"]
    assert on_time == {"given": 1, "stored": 1}


def test_an_order_with_other_content_is_refused_by_name_and_left_as_it_was(
    installation: Installation, tmp_path: Path, columns: str
) -> None:
    buyer = Path(columns).read_text(encoding="utf-8").replace("Wheel Works", "Wheels of Change")
    Path(columns).write_text(buyer, encoding="utf-8")
    words = "import", "deliveries", str(factories.lines(tmp_path / "lines.csv")), "-m", columns
    installation.run(*words)
    rows = [list(row) for row in factories.GOOD]
    rows[0][4] = "999"
    factories.lines(tmp_path / "lines.csv", rows)
    refused = tmp_path / "why.csv"

    done = installation.run(*words, "--refused", str(refused), "--json")

    assert done.code == 3
    assert done.told["orders"] == {"refused": 1, "unchanged": 1}
    assert not done.told["matches"]
    written = refused.read_text(encoding="utf-8-sig")
    assert written.count("A-1") >= 2
    assert "under this number" in written


def test_a_dry_run_sends_nothing_and_needs_no_platform(tmp_path: Path, mapping: str) -> None:
    nowhere = Installation(tmp_path / "nowhere")
    path = factories.log(tmp_path / "log.sqlite")

    done = nowhere.run("import", "ocel", str(path), "-m", mapping, "--dry-run", "--json")

    assert done.code == 0
    assert done.told["orders"] == {"readable": 2}
    assert done.told["stored"] is None


def test_a_log_without_a_mapping_is_summarized_and_refused(tmp_path: Path) -> None:
    nowhere = Installation(tmp_path / "nowhere")
    path = factories.log(tmp_path / "log.sqlite")

    told, shown = (
        nowhere.run("import", "ocel", str(path), *options) for options in (("--json",), ())
    )

    assert (told.code, shown.code) == (1, 1)
    assert {one["name"]: one["count"] for one in told.told["objects"]}["item"] == 3
    assert "A mapping must name" in shown.said
    assert "item → “item of order” → order" in shown.said


def test_without_a_platform_an_import_says_what_to_do(tmp_path: Path, mapping: str) -> None:
    nowhere = Installation(tmp_path / "nowhere")
    path = factories.log(tmp_path / "log.sqlite")

    done = nowhere.run("import", "ocel", str(path), "-m", mapping)

    assert done.code == 1
    assert "start it with `make run`" in done.errors
    assert "Traceback" not in done.errors


def test_clients_whose_key_was_lost_get_the_present_one(
    installation: Installation, tmp_path: Path, mapping: str
) -> None:
    path = factories.log(tmp_path / "log.sqlite")
    words = "import", "ocel", str(path), "-m", mapping, "--json"
    installation.run(*words)
    (installation.folder / "programs.json").unlink()

    assert installation.run(*words).told["matches"]


def test_an_import_that_is_killed_loses_and_doubles_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    words = many("Killed Importer", tmp_path)
    killed = installation.begin(*words)
    wait_for_orders(installation)
    killed.process.kill()
    killed.ended()

    again = installation.run(*words).told

    assert again["orders"]["unchanged"] > 0
    assert sum(again["orders"].values()) == MANY
    assert again["matches"]
    assert again["stored"] == "15500.00"
    assert installation.run("check").code == 0


def test_a_platform_that_is_killed_meanwhile_loses_and_doubles_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    words = many("Killed Platform", tmp_path)
    importing = installation.begin(*words)
    wait_for_orders(installation)
    installation.kill()
    assert importing.ended() == 1
    assert "does not answer" in importing.said
    installation.start()

    again = installation.run(*words).told

    assert sum(again["orders"].values()) == MANY
    assert again["orders"]["unchanged"] > 0
    assert again["matches"]
    assert installation.run("check").code == 0


def wait_for_orders(installation: Installation) -> None:
    """Wait until an import has begun to send its orders."""
    wait_for(installation, "/orders/import", times=3)


def wait_for(
    installation: Installation, path: str, *, times: int = 1, within_s: float = 60
) -> None:
    """Wait until something was sent some times more than before."""
    log = installation.folder / "lianqiao.log"
    seen = log.read_text(encoding="utf-8").count(path)
    deadline = time.monotonic() + with_patience(within_s)
    while log.read_text(encoding="utf-8").count(path) < seen + times:
        assert time.monotonic() < deadline, f"nothing was sent to {path}"
        time.sleep(0.02)


def test_the_bicycle_makers_books_survive_two_kills_to_the_cent(
    installation: Installation, third_party: Path
) -> None:
    log = third_party / "ocel" / "ocel2-p2p.sqlite"
    words = "import", "ocel", str(log), "--mapping", "ocel2-p2p", "--json"
    for path in "/receipts/import", "/invoices/import":
        killed = installation.begin(*words)
        wait_for(installation, path, within_s=180)
        killed.process.kill()
        killed.ended()

    finished, again = (installation.run(*words).told for _ in range(2))

    assert finished["documents"]["receipts"]["unchanged"] > 0
    for told in finished, again:
        assert told["matches"]
        assert sum(told["orders"].values()) == 1_598
        assert told["given"] == told["stored"] == "91614850.00"
        documents = told["documents"]
        assert documents["receipts"]["stored"] == 4_042
        assert documents["order lines received"]["stored_amount"] == "91614850.00"
        for kind in "invoices", "payments":
            stored = documents[kind]["stored"], documents[kind]["stored_amount"]
            assert stored == (927, "58785600.00")
        left = documents["orders received and not invoiced"]
        assert (left["stored"], left["stored_amount"]) == (671, "32829250.00")
        assert sum(1 for one in told["oddities"] if one["kind"] == "repeated payment") == 1
    statuses = [again["documents"][kind] for kind in ("receipts", "invoices", "payments")]
    assert [one.get("unchanged") for one in statuses] == [4_042, 927, 927]
    assert installation.run("check").code == 0


def test_the_health_programs_deliveries_are_stored_to_the_cent_and_twice_change_nothing(
    installation: Installation, third_party: Path
) -> None:
    [rows] = (third_party / "usaid-scms").glob("*.csv")
    health = "import", "deliveries", str(rows), "--mapping", "usaid-scms", "--json"

    for status in "accepted", "unchanged":
        told = installation.run(*health).told
        assert told["orders"] == {status: 6_233}
        assert told["lines"] == {status: 10_324}
        assert told["given"] == told["stored"] == "1627584457.29"
        assert told["refused"] == 0
        documents = told["documents"]
        assert documents["receipts"][status] == 7_030
        assert documents["order lines received"]["stored_amount"] == "1627584457.29"
        assert documents["of them on or before due date"]["stored"] == 9_138
    assert installation.run("check").code == 0
