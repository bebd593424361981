"""The rules of identity hold for every input."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.scopes import OPERATORS, ROLES, Role
from services.identity.domain import access, tokens, wire
from services.identity.domain.passwords import (
    LENGTH_MAX,
    LENGTH_MIN,
    PER_ACCOUNT,
    WAIT_MAX,
    WeakPassword,
    check_password,
)

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
roles = st.lists(st.sampled_from(Role), unique=True)


@given(st.binary(max_size=300))
def test_any_bytes_are_parameters_or_malformed(sent: bytes) -> None:
    try:
        found = wire.parameters(sent)
    except wire.Malformed:
        return
    assert all(value and value.isascii() and value.isprintable() for value in found.values())


@given(st.dictionaries(st.text("abc", min_size=1), st.text(min_size=1), max_size=8))
def test_what_is_written_is_read(pairs: dict[str, str]) -> None:
    try:
        sent = wire.encoded(pairs).encode()
        found = wire.parameters(sent, ascii_only=False)
    except (wire.Malformed, UnicodeEncodeError):
        return
    assert found == pairs


@given(st.text(max_size=60))
def test_a_path_never_leaves_the_site(text: str) -> None:
    path = wire.local_path(text, otherwise="/")
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert not urlsplit(path).netloc


@given(st.text(max_size=200))
def test_any_header_is_credentials_or_none(text: str) -> None:
    found = wire.basic_credentials(f"Basic {text}")
    assert found is None or all(found)


@given(st.lists(st.tuples(st.text("ab", min_size=1), st.text('x "<>&%=?#+/é'))))
def test_added_parameters_come_back_exactly(pairs: list[tuple[str, str]]) -> None:
    uri = wire.with_parameters("https://client.example/cb?kept=a%20b", pairs)
    assert uri.startswith("https://client.example/cb?kept=a%20b&")
    query = urlsplit(uri).query.removeprefix("kept=a%20b&")
    assert parse_qsl(query, keep_blank_values=True) == pairs


@given(st.integers(0, 10**6))
def test_waiting_grows_and_ends(failures: int) -> None:
    wait = PER_ACCOUNT.blocked_until(failures, at=NOW) - NOW
    longer = PER_ACCOUNT.blocked_until(failures + 1, at=NOW) - NOW
    assert timedelta(0) <= wait <= longer <= WAIT_MAX
    assert (wait == timedelta(0)) == (failures <= PER_ACCOUNT.free)


@given(st.text(max_size=LENGTH_MAX + 20))
def test_an_accepted_password_is_long_and_varied(password: str) -> None:
    try:
        check_password(password, clues=("li@example.com", "Li"))
    except WeakPassword:
        return
    assert LENGTH_MIN <= len(password) <= LENGTH_MAX
    assert len(set(password)) > 4


@pytest.mark.parametrize("weak", ["correct horse", "链桥链桥链桥链桥链桥链桥", "li@example.com!!"])
def test_what_everybody_would_guess_is_refused(weak: str) -> None:
    accepted = weak == "correct horse"
    if accepted:
        check_password(weak, clues=("li@example.com", "Li"))
        return
    with pytest.raises(WeakPassword):
        check_password(weak, clues=("li@example.com", "Li"))


@given(roles)
def test_roles_allow_together_what_each_allows(held: list[Role]) -> None:
    together = access.scopes_of([*held, "a.role.of.long.ago"])
    assert together == {scope for role in held for scope in ROLES[role]}


@given(st.lists(st.sampled_from(["openid", "orders:read", "orders:place", "odd"])), roles)
def test_a_cut_never_widens(words: list[str], held: list[Role]) -> None:
    left = access.cut(" ".join(words), held).split()
    assert left == [word for word in words if word in left]
    assert set(left) <= access.scopes_of(held) | {"openid"}


@given(roles)
def test_only_the_operator_gives_the_operators_roles(asked: list[Role]) -> None:
    access.check_roles(asked, by_operator=True)
    if OPERATORS.intersection(asked):
        with pytest.raises(access.NotYoursToGive):
            access.check_roles(asked, by_operator=False)
    else:
        access.check_roles(asked, by_operator=False)


@given(st.integers(0, 3), roles, roles)
def test_somebody_administers(others: int, before: list[Role], after: list[Role]) -> None:
    loses = access.is_administrator(before) and not access.is_administrator(after)
    if loses and others == 0:
        with pytest.raises(access.LastAdministrator):
            access.check_somebody_administers(others, before=before, after=after)
    else:
        access.check_somebody_administers(others, before=before, after=after)


@given(st.text(max_size=300))
def test_no_text_is_an_access_token(text: str) -> None:
    key = KEY
    found = tokens.verified_access_token(text, [key], issuer="i", audience="a", at=NOW)
    assert found is None


KEY = tokens.new_signing_key("ES256")


@given(st.lists(st.text(max_size=5)), st.lists(st.text(max_size=5)))
def test_a_seal_tells_its_parts_apart(one: list[str], other: list[str]) -> None:
    try:
        same = tokens.seal("secret", *one) == tokens.seal("secret", *other)
    except UnicodeEncodeError:
        return
    assert same == (one == other)
