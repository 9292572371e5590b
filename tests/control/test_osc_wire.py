"""OSC datagrams: what python-osc writes is read, what hostile programs write is refused, quickly."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import build_msg

from visualizer.control import osc_wire
from visualizer.control.osc_wire import Malformed, Message

BUNDLE = b"#bundle\0"
AT_ONCE = struct.pack(">II", 0, 1)


def _bundle(*elements: bytes, time: bytes = AT_ONCE) -> bytes:
    return BUNDLE + time + b"".join(struct.pack(">i", len(e)) + e for e in elements)


@given(
    st.lists(
        st.one_of(
            st.booleans(),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(width=32, allow_nan=False),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50),
            st.none(),
        ),
        max_size=8,
    )
)
def test_what_python_osc_writes_is_read(arguments: list) -> None:
    data = build_msg("/klangbild/x", arguments).dgram
    assert osc_wire.read(data) == Message("/klangbild/x", tuple(arguments))
    assert [element.data for element in osc_wire.split(data)] == [data]


def test_arguments_that_no_control_takes_keep_the_others_in_place() -> None:
    data = b"/x\0\0,brmt[ci]Is\0" + struct.pack(">i3sx", 3, b"abc") + bytes(4 + 4 + 8 + 4)
    data += struct.pack(">i", 7) + b"end\0"
    assert osc_wire.read(data).arguments == (None, None, None, None, None, 7, True, "end")


def test_a_message_of_an_old_sender_has_no_type_tags() -> None:
    assert osc_wire.read(b"/old\0\0\0\0") == Message("/old")


def test_bundles_are_taken_apart_in_order_with_their_times() -> None:
    inner = OscBundleBuilder(1_700_000_000.5)
    inner.add_content(build_msg("/b", [2]))
    outer = OscBundleBuilder(IMMEDIATELY)
    outer.add_content(build_msg("/a", [1]))
    outer.add_content(inner.build())
    outer.add_content(build_msg("/c", [3]))
    elements = osc_wire.split(outer.build().dgram)
    assert [osc_wire.read(e.data).address for e in elements] == ["/a", "/b", "/c"]
    assert [e.due_s for e in elements] == [0.0, pytest.approx(1_700_000_000.5, abs=1e-3), 0.0]


@pytest.mark.parametrize(
    "data",
    [
        BUNDLE,
        BUNDLE + AT_ONCE + b"\xff\xff\xff\xfc",  # an element of −4 bytes: other readers never come back
        BUNDLE + AT_ONCE + bytes(4),
        BUNDLE + AT_ONCE + struct.pack(">i", 400) + b"/a\0\0",
        _bundle(*[b"/a\0\0"] * 2000),
    ],
    ids=["no time", "negative", "empty", "too short", "too many"],
)
def test_broken_bundles_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        osc_wire.split(data)


def test_bundles_in_bundles_have_a_limit() -> None:
    def nested(depth: int) -> bytes:
        data = b"/a\0\0,\0\0\0"
        for _ in range(depth):
            data = _bundle(data)
        return data

    assert len(osc_wire.split(nested(osc_wire.MAX_DEPTH))) == 1
    for depth in (osc_wire.MAX_DEPTH + 1, 2500):  # the second one fills a datagram
        with pytest.raises(Malformed):
            osc_wire.split(nested(depth))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\0\0",
        b"a\0\0\0,\0\0\0",
        b"/a\0\0i\0\0\0",
        b"/a\0\0,i\0\0\0",
        b"/a\0\0,s\0\0abcd",
        b"/a\0\0,b\0\0\x7f\xff\xff\xff",
        b"/a\0\0,Q\0\0",
        b"/\xc3\xa4\0,\0\0\0",
        b"/a\0\0,s\0\0\xff\xff\0\0",
        b"/a\0\0," + b"T" * 100 + b"\0\0\0",
        b"/" + b"a" * 9000 + b"\0\0\0,\0\0\0",
    ],
)
def test_broken_messages_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        osc_wire.read(data)


@given(st.binary(max_size=300), st.sampled_from([b"", b"/", b"/a\0\0,", BUNDLE, BUNDLE + AT_ONCE]))
def test_random_bytes_are_messages_or_malformed_and_nothing_else(tail: bytes, start: bytes) -> None:
    try:
        for element in osc_wire.split(start + tail):
            osc_wire.head(element.data)
            assert osc_wire.read(element.data).address.startswith("/")
    except Malformed:
        pass


def test_what_is_written_fits_the_network_and_python_osc_reads_it() -> None:
    messages = [osc_wire.write(f"/klangbild/number/{n}", (n, n / 2, "text", True)) for n in range(100)]
    datagrams = osc_wire.write_bundles(messages)
    assert all(len(datagram) <= osc_wire.DATAGRAM_BYTES for datagram in datagrams)
    read = [message for datagram in datagrams for message in OscBundle(datagram)]
    assert [message.params for message in read] == [[n, n / 2, "text", True] for n in range(100)]
    assert osc_wire.write_bundles(messages[:1]) == [messages[0].dgram]
