"""A button's data fits, comes back as it was, and is believed only with our seal."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desks.telegram_buttons import DATA_AT_MOST, Forged, Press, Seal, Verb, abbreviated

SEAL = Seal("a key that gateways share")

presses = st.builds(
    Press,
    verb=st.sampled_from(Verb),
    conversation=st.builds(lambda: secrets.token_urlsafe(16)),
    of=st.integers(0, 36**6 - 1),
    arg=st.text().map(abbreviated) | st.sampled_from(["", "duplicate", "tomorrow", "transfer"]),
)


@given(presses)
def test_every_press_fits_and_comes_back(press: Press) -> None:
    data = SEAL.data(press)
    assert len(data.encode()) <= DATA_AT_MOST
    assert SEAL.read(data) == press


@given(presses, st.data())
def test_a_change_anywhere_breaks_the_seal(press: Press, more: st.DataObject) -> None:
    data = SEAL.data(press)
    at = more.draw(st.integers(0, len(data) - 1))
    other = more.draw(st.sampled_from("abcXYZ019:-_").filter(lambda ch: ch != data[at]))
    with pytest.raises(Forged):
        SEAL.read(data[:at] + other + data[at + 1 :])


@pytest.mark.parametrize("data", ["", "x", "claim", "A" * 64, "Ä" * 20, "AAAAAAAAcl:0:"])
def test_what_is_no_data_of_ours_is_refused(data: str) -> None:
    with pytest.raises(Forged):
        SEAL.read(data)


def test_another_installations_seal_is_not_ours() -> None:
    with pytest.raises(Forged):
        SEAL.read(Seal("another key").data(Press(Verb.CLAIM, "c1")))


@pytest.mark.parametrize(
    "press",
    [Press(Verb.CLAIM, "c" * 60), Press(Verb.LABEL, "c1", 3, "no blanks"), Press(Verb.CLAIM, "")],
)
def test_what_does_not_fit_is_said_when_it_is_made(press: Press) -> None:
    with pytest.raises(ValueError, match="no button can carry"):
        SEAL.data(press)


@given(presses)
def test_a_mark_is_an_address_that_says_what_a_post_shows(press: Press) -> None:
    url = SEAL.mark(press, "c/1234567890/57")
    assert url.startswith("https://t.me/c/1234567890/57?")
    assert SEAL.read_mark(url) == press
    assert SEAL.read_mark(url.replace(":", "%3A").replace("https%3A", "https:")) == press
    assert SEAL.read_mark(url[:-1] + ("b" if url[-1] != "b" else "c")) is None
    assert SEAL.read_mark("https://shop.example/?deskhand=x") is None


def test_names_are_told_apart_by_their_abbreviation() -> None:
    names = [f"agent-{number}" for number in range(500)]
    assert len({abbreviated(name) for name in names}) == len(names)
    assert all(len(abbreviated(name)) == 8 for name in names)
