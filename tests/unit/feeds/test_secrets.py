import base64
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from cocite.core.errors import InvalidArgument
from cocite.core.settings import Settings
from cocite.feeds.secrets import Signer, signer, whole_numbers

PARTS = st.lists(
    st.one_of(
        st.integers(-(2**70), 2**70),
        st.binary(max_size=255),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    ),
    max_size=5,
)
SIGNER = Signer(b"a secret of the tests")


@given(PARTS)
def test_a_token_says_what_was_signed(parts):
    assert SIGNER.verify("feed", SIGNER.sign("feed", *parts)) == tuple(parts)


@given(PARTS, st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_noticed(parts, place, change):
    token = SIGNER.sign("feed", *parts)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[place % len(raw)] ^= change
    assert SIGNER.verify("feed", base64.urlsafe_b64encode(raw).rstrip(b"=").decode()) is None


@pytest.mark.parametrize("token", ["", "x", "-" * 22, "é" * 30, "a b" * 10, "====", "\x00" * 22])
def test_what_is_no_token_is_none(token):
    assert SIGNER.verify("feed", token) is None


def test_purpose_and_secret_count():
    token = SIGNER.sign("feed", 1)
    assert SIGNER.verify("confirm", token) is None
    assert Signer(b"another secret of the tests").verify("feed", token) is None


def test_another_spelling_of_the_last_letter_is_none():
    token = SIGNER.sign("feed", 1)  # 19 bytes: the last letter has bits to spare
    assert len(token) % 4 != 0
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spelt = [token[:-1] + letter for letter in letters if SIGNER.verify("feed", token[:-1] + letter)]
    assert spelt == [token]


def test_a_feed_token_fits_the_rules_of_the_proto():
    assert 22 <= len(SIGNER.sign("feed", 0, 0)) <= len(SIGNER.sign("feed", 2**63 - 1, 2**31 - 1)) <= 128


def test_a_part_too_long_is_refused():
    with pytest.raises(ValueError, match="255"):
        SIGNER.sign("feed", "x" * 256)


def test_all_processes_of_a_home_have_one_secret(tmp_path):
    settings = Settings(home=tmp_path / "new")
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(lambda _: signer(settings).sign("feed", 7), range(16)))
    assert len(tokens) == 1
    assert stat.S_IMODE((tmp_path / "new" / "feed-secret").stat().st_mode) == 0o600
    assert signer(Settings(home=tmp_path / "other")).sign("feed", 7) not in tokens


def test_the_secret_of_the_settings_goes_first(tmp_path):
    settings = Settings(home=tmp_path, feed_secret=SecretStr("0123456789abcdef"))
    assert signer(settings).sign("feed", 7) == Signer(b"0123456789abcdef").sign("feed", 7)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InvalidArgument, match="COCITE_FEED_SECRET"):
        signer(Settings(home=tmp_path, feed_secret=SecretStr("short")))


def test_an_empty_file_is_no_secret(tmp_path):
    (tmp_path / "feed-secret").write_text("")
    with pytest.raises(InvalidArgument, match="holds no secret"):
        signer(Settings(home=tmp_path))


def test_whole_numbers():
    assert whole_numbers((1, 2), 2) == (1, 2)
    assert whole_numbers((1, "2"), 2) is whole_numbers(None, 2) is whole_numbers((1,), 2) is None
