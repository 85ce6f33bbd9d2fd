"""Records into the store: once each, in any order, acknowledged only after the commit, and what is lost is named."""

import contextlib
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import DataLocked
from hub.store import Store
from hub.store.database import FILE
from hub.store.summary import pack, summarise, unpack
from shared_protocol.messages import Ack, decode_ack, decode_nak
from shared_protocol.unblock import decode_block
from shared_protocol.wire import Reader, find, tlv
from tests.hub.farm import Farm, g, rows


def test_what_arrives_is_stored_byte_for_byte_with_its_summary(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.put_block(rows(0))
    node.put(200, b"a kind of tomorrow")
    sent = {s: r.data for s, r in node.journal.items()}
    farm.ship(node)
    assert farm.stored() == sent
    ((packed, span, start),) = farm.hub.store.rows("SELECT packed, span_s, start_s FROM summary")
    block = decode_block(sent[2])
    assert unpack(packed) == summarise(block.table, block.columns, block.states)
    assert packed == pack(unpack(packed)) and (start, span) == (0, 59 * 60)


def test_the_same_again_is_acknowledged_and_stored_once(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    record = node.put_block(rows(0))
    for _ in range(3):
        node.journal[2] = record
        node.journal[1] = node.journal.get(1) or node.put_table()
        assert farm.ship(node, 2) is not None
    assert farm.hub.store.rows("SELECT count(*) FROM summary") == [(1,)]


def test_other_bytes_under_a_stored_name_are_a_conflict(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.put_block(rows(0))
    before = farm.stored() or farm.ship(node) and farm.stored()
    node.last = 1
    node.put_block(rows(0, base=999))
    answers = farm.answers(node, node.records(2))
    assert [decode_nak(b).code for k, b in answers if k == g.MSG_NAK] == [g.RESULT_NOT_STORED]
    assert farm.stored() == before
    assert farm.now().rejected == {"record_conflict": 1}


@settings(
    max_examples=25,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10**9))
def test_loss_repetition_and_reordering_leave_every_record_once(farm: Farm, seed: int) -> None:
    luck = random.Random(seed)
    number = 2 + len(farm.hub.fleet.nodes())
    node = farm.add(number, journal_id=seed)
    farm.greet(node)
    for i in range(12):
        node.put_block(rows(600 * i, 10))
    sent = {s: r.data for s, r in node.journal.items()}
    while node.journal:
        flight = [luck.choice(sorted(node.journal)[:4]) for _ in range(4)]
        for sequence in flight:
            if sequence in node.journal and luck.random() > 0.3:
                for reply in farm.say(node.records(sequence)):
                    if luck.random() > 0.3:
                        node.take_ack(reply)
    assert farm.stored(number) == sent


def test_a_hole_shows_in_the_bitmap_until_it_is_filled(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    for i in range(4):
        node.put_block(rows(3600 * i))
    farm.ship(node, 1)
    assert farm.ship(node, 3) == Ack(1, 0b1, None)
    assert farm.ship(node, 5) == Ack(1, 0b101, None)
    assert farm.ship(node, 2) == Ack(3, 0b1, None)
    assert farm.ship(node, 4) == Ack(5, 0, None)


def test_what_a_node_no_longer_holds_is_booked_as_lost_and_it_goes_on(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.first_held, node.nonce = 50, b"nonce--2"
    farm.greet(node)
    farm.settle()
    assert farm.hub.store.rows("SELECT first, last FROM lost") == [(2, 49)]
    node.put_block(rows(0))
    assert farm.ship(node) == Ack(50, 0, None)


def test_lost_records_between_stored_ones_are_named_exactly(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    for i in range(6):
        node.put_block(rows(3600 * i))
    for sequence in (1, 3, 6):
        farm.ship(node, sequence)
    node.first_held, node.nonce = 7, b"nonce--2"
    farm.greet(node)
    farm.settle()
    assert farm.hub.store.rows("SELECT first, last FROM lost") == [(2, 2), (4, 5)]


def test_an_event_that_says_lost_settles_them(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.last = 20
    node.put_event(g.EVENT_JOURNAL_LOST, 2, 20, 19)
    assert farm.ship(node) == Ack(21, 0, None)
    assert farm.hub.store.rows("SELECT first, last FROM lost") == [(2, 20)]


def test_a_record_that_the_flash_no_longer_gives_holds_up_nothing(farm: Farm) -> None:
    """In its place comes JOURNAL_LOST of its own sequence; what is below it may still come."""
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.put_block(rows(0))
    node.put_event(g.EVENT_JOURNAL_LOST, 3, 3, 1)
    node.put_block(rows(7200))
    assert farm.ship(node, 3, 4) == Ack(1, 0b11, None)
    assert farm.hub.store.rows("SELECT first, last FROM lost") == [(3, 3)]
    assert farm.ship(node, 2) == Ack(4, 0, None)
    assert farm.hub.store.rows("SELECT first, last FROM lost") == [(3, 3)]


def test_a_now_that_tells_a_later_first_held_settles_them(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    ack = decode_ack(farm.answers(node, node.now(tlvs=[tlv(g.TLV_JOURNAL, 10, 12, 8)]))[-1][1])
    farm.settle()
    assert farm.hub.store.intake.standing((1, node.journal_id)).up_to == 9
    assert ack.up_to in (1, 9)


def test_a_reformatted_journal_is_another_journal(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.put_block(rows(0))
    farm.ship_all(node)
    node.journal_id, node.last, node.nonce = 0x9999, 0, b"nonce--2"
    ack = farm.greet(node)
    assert Reader(find(ack.tlvs, g.TLV_STORED_UP_TO)).uv() == 0  # type: ignore[attr-defined]
    node.put_table()
    node.put_block(rows(0, base=300))
    farm.ship_all(node)
    assert farm.hub.store.rows("SELECT journal, count(*) FROM record GROUP BY journal") == [(1, 2), (2, 2)]


def test_an_acknowledgement_of_the_old_journal_never_reaches_the_new_one(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship_all(node)
    intake = farm.hub.store.intake
    old = (1, node.journal_id)
    node.journal_id, node.last, node.nonce = 0x9999, 0, b"nonce--2"
    farm.greet(node)
    farm.carrier.sent.clear()
    intake.on_stored(old, intake.standing(old))
    assert not farm.carrier.sent


def test_a_hub_restored_from_an_old_copy_asks_for_what_it_lacks(farm: Farm, tmp_path: Path) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship_all(node)
    farm.close()
    shutil.copy(farm.folder / FILE, tmp_path / "backup")
    farm.open()
    node.nonce = b"nonce--2"
    farm.greet(node)
    later = [node.put_block(rows(3600 * i)) for i in range(5)]
    farm.ship_all(node)
    complete = farm.stored()
    farm.close()
    shutil.copy(tmp_path / "backup", farm.folder / FILE)
    farm.open()
    node.nonce = b"nonce--3"
    ack = farm.greet(node)
    assert Reader(find(ack.tlvs, g.TLV_STORED_UP_TO)).uv() == 1  # type: ignore[attr-defined]
    node.journal = {record.sequence: record for record in later}  # acknowledged is not erased
    farm.ship_all(node)
    assert farm.stored() == complete


def test_a_failed_commit_acknowledges_nothing_and_the_next_one_all(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.put_block(rows(0))
    broken = sqlite3.OperationalError("database is locked")

    def fail(_: sqlite3.Connection) -> None:
        raise broken

    queue = farm.hub.store
    farm.carrier.sent.clear()
    with held(queue):
        farm.hub.link.receive(node.records(2), ("10.0.0.1", 4000))
        queue.write_later(fail)
    with contextlib.suppress(DataLocked):  # it may have shared the group
        queue.write(lambda _: None)
    queue.write(lambda _: None)
    assert [node.open(frame)[0] for frame, _ in farm.carrier.sent] == [g.MSG_NAK]
    assert set(farm.stored()) == {1}
    assert farm.ship(node, 2) == Ack(2, 0, None)
    assert queue.trouble is None


@contextlib.contextmanager
def held(store: Store) -> Iterator[None]:
    """Keeps the writer busy, however long the block takes, so that what is queued in it shares one commit."""
    go, here = threading.Event(), threading.Event()
    store.write_later(lambda _: (here.set(), go.wait()))
    here.wait()
    try:
        yield
    finally:
        go.set()


def test_a_job_that_fails_undoes_itself_alone(store: Store) -> None:
    with held(store):
        store.write_later(lambda db: db.execute("INSERT INTO zone VALUES (1, 'a', 'other')"))
        store.write_later(lambda db: [db.execute("INSERT INTO zone VALUES (2, 'b', 'other')"), 1 // 0])
        store.write_later(lambda db: db.execute("INSERT INTO zone VALUES (3, 'c', 'other')"))
    store.write(lambda _: None)
    assert store.rows("SELECT id FROM zone ORDER BY id") == [(1,), (3,)]
    assert store.trouble is None
