"""The catch-up messages and their client against a small server written from docs/formats.md."""

import pathlib
import re
import sys
import threading

import numpy as np
import pytest
import zmq

TOOLS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOOLS))

import tamis_runs as runs  # noqa: E402

from tamis import catchup as catch_up, records as formats  # noqa: E402
from tamis.commands import catch_up as command, receive  # noqa: E402


def some_flagged(count, first_number=1, feature_count=4):
    events = formats.seal(formats.new_events(
        count, feature_count, run=7, source=3, sequence=1 + np.arange(count),
        event=100 + np.arange(count), time_ns=10**18 + np.arange(count),
        features=np.random.default_rng(1).standard_normal((count, feature_count))))
    records = np.zeros(count, formats.flagged_dtype(feature_count))
    records["magic"], records["version"] = formats.FLAGGED_MAGIC, formats.VERSION
    records["reasons"], records["working_points"] = formats.ABOVE_THRESHOLD, 1
    records["weight"], records["number"] = 1, first_number + np.arange(count)
    records["attributions"] = events["features"] ** 2
    records["score"] = formats.sum_attributions(records["attributions"])
    records["event"] = events
    return formats.seal(records)


class Journal:
    """Serves the records it has, some a reply, and drops the first so many requests."""

    def __init__(self, records, oldest=1, at_once=3, deaf=0):
        self.records = records[oldest - 1:]
        self.oldest, self.at_once, self.deaf = oldest, at_once, deaf
        self.last = int(records["number"][-1])
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.address = f"tcp://127.0.0.1:{self.socket.bind_to_random_port('tcp://127.0.0.1')}"
        self.asked = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.socket.close(linger=0)
        self.context.term()

    def serve(self):
        while not self.ended.is_set():
            if not self.socket.poll(20):
                continue
            *envelope, message = self.socket.recv_multipart()
            if self.deaf:
                self.deaf -= 1
                continue
            asked = np.frombuffer(message, catch_up.REQUEST)[0]
            self.asked.append((int(asked["first"]), int(asked["last"])))
            self.socket.send_multipart(envelope + self.reply(asked))

    def reply(self, asked):
        fields = np.zeros(1, catch_up.REPLY)
        fields["magic"], fields["version"], fields["features"] = catch_up.REPLY_MAGIC, 1, 4
        fields["record_bytes"], fields["tag"] = self.records.dtype.itemsize, asked["tag"]
        fields["oldest"], fields["last"], fields["published"] = self.oldest, self.last, self.last
        first, last = int(asked["first"]), min(int(asked["last"]) or self.last, self.last)
        if first > self.last + 1:
            fields["status"], fields["next"] = catch_up.BEYOND, self.last + 1
            return [catch_up.sealed(fields), b""]
        if first < self.oldest:
            fields["gone_first"], fields["gone_last"] = first, min(last, self.oldest - 1)
            first = self.oldest
        rows = self.records[(self.records["number"] >= first) & (self.records["number"] <= last)]
        rows = rows[:self.at_once]
        fields["records"], fields["next"] = len(rows), max(
            first + len(rows), int(fields["gone_last"][0]) + 1)
        return [catch_up.sealed(fields), rows.tobytes()]


def test_sizes_and_the_example_of_the_format_page():
    assert catch_up.REQUEST.itemsize == 48 and catch_up.REPLY.itemsize == 96
    page = (TOOLS.parent / "docs" / "formats.md").read_text()
    section = page[page.index("A request for records from number 1 on, tag 7"):]
    example = section.split("```")[1]
    rows = re.findall(r"^\d\d  ((?:[0-9a-f]{2} ?)+)", example, re.MULTILINE)
    assert bytes.fromhex(" ".join(rows)) == catch_up.request(1, tag=7)


@pytest.mark.parametrize("spoil", [
    lambda parts: parts[:1], lambda parts: [parts[0][:-1], parts[1]],
    lambda parts: [parts[0][:40] + b"\1" + parts[0][41:], parts[1]],
    lambda parts: [parts[0], parts[1][:-1]], lambda parts: [b"X" + parts[0][1:], parts[1]]])
def test_wrong_replies_are_refused(spoil):
    with Journal(some_flagged(5)) as journal:
        parts = journal.reply(np.frombuffer(catch_up.request(1), catch_up.REQUEST)[0])
    assert len(catch_up.decoded(parts)[1]) == 3
    with pytest.raises(catch_up.CatchUpFault):
        catch_up.decoded(spoil(parts))


def test_the_command_writes_a_run(tmp_path, capsys):
    records = some_flagged(10)
    with Journal(records, oldest=3, deaf=1) as journal:
        assert command.main(["--connect", journal.address, "--from", "2", "--to", "9",
                             "--out", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out
    assert "gone: numbers 2 to 2\n" in said and "records: 7\n" in said and "faults: 0" in said
    assert runs.Run(tmp_path / "run").segments[0].tobytes() == records[2:9].tobytes()


def test_a_number_beyond_the_journal_is_a_fault():
    with Journal(some_flagged(3)) as journal:
        client = catch_up.Client(journal.address)
        with pytest.raises(catch_up.CatchUpFault, match="beyond.*last is 3"):
            client.ask(9)
        client.close()


def receiver(journal, out, *more):
    options = receive.parse_arguments(
        ["--connect", "tcp://127.0.0.1:1", "--catch-up", journal.address, "--out", str(out),
         "--quiet", *more])
    return receive.Account(receive.open_receiver(options), options)


def messages(records):
    return [[b"flagged", record.tobytes()] for record in records]


def taken(account):
    """Takes all that there is to take; the numbers that were handed on."""
    numbers = []
    while account.receiver.is_behind:
        if (records := account.receiver.take(0)) is not None:
            numbers += records["number"].tolist()
    return numbers


def test_gaps_are_filled_in_order_and_repetitions_dropped(tmp_path, capsys):
    records = some_flagged(30)
    with Journal(records) as journal:
        account = receiver(journal, tmp_path / "run", "--from", "1")
        account.receiver.feed(messages(records[4:8]))
        account.receiver.feed(messages(records[[6, 7, 8, 12, 13, 20]]))
        numbers = taken(account)
        account.receiver.ask()
        assert numbers + taken(account) == list(range(1, 31))
        assert account.close()
    assert runs.Run(tmp_path / "run").segments[0].tobytes() == records.tobytes()
    assert "repeated: " in capsys.readouterr().out


def test_a_gap_is_asked_for_and_nothing_else(tmp_path):
    records = some_flagged(30)
    with Journal(records, at_once=100) as journal:
        account = receiver(journal, tmp_path / "run")
        account.receiver.feed(messages(records[:8]))
        account.receiver.feed(messages(records[[6, 7, 8, 12, 13, 20]]))
        assert taken(account) == list(range(1, 22))
        assert journal.asked == [(10, 12), (15, 20)] and account.receiver.repeated == 2
        account.close()


def test_faults_are_counted_once_for_each_record_that_is_handed_on(tmp_path):
    from tamis import Receiver
    records = some_flagged(30)
    records["threshold"][:] = records["score"] + 1
    formats.seal(records)

    def read(first, *batches):
        """The numbers that came, and how often each fault was told."""
        with Receiver("tcp://127.0.0.1:1", catch_up=journal.address, first=first,
                      state=tmp_path / "state", working_point=0) as taken:
            numbers = []
            for batch in batches:
                taken.feed(messages(batch))
            while taken.is_behind:
                if (found := taken.take(0)) is not None:
                    numbers += found["number"].tolist()
            return numbers, dict(taken.faults)

    with Journal(records, at_once=100) as journal:
        numbers, faults = read(1, records[4:8], records[[6, 7, 8, 12, 13, 20]])
        assert len(numbers) > 10 and faults == {"score not above the threshold": len(numbers)}
        # The daemon sends its last records again at a new start.
        assert read(None, records[:21]) == ([], {})


def test_records_shared_with_other_receivers_are_dropped_only_when_seen():
    from tamis import Receiver
    records = some_flagged(30)
    with Receiver(bind="tcp://127.0.0.1:*", pattern="pull") as shared:
        shared.feed(messages(records[[0, 3, 9, 4, 3, 12, 9]]))
        numbers = []
        while (found := shared.take(0)) is not None:
            numbers += found["number"].tolist()
        assert numbers == [1, 4, 10, 5, 13] and shared.repeated == 2 and not shared.faults


def test_a_receiver_goes_on_behind_a_torn_end(tmp_path, capsys):
    records = some_flagged(12)
    out = tmp_path / "run"
    with Journal(records) as journal:
        killed = receiver(journal, out).receiver
        killed.feed(messages(records[:5]))
        assert killed.take(0)["number"].tolist() == [1, 2, 3, 4, 5]
        with open(killed._writer.open_segment, "ab") as file:
            file.write(records[5].tobytes()[:100])
        # The system lets a folder go when the process that holds it ends.
        killed._writer._hold.close()
        again = receiver(journal, out)
        assert again.receiver.highest_number == 5 and again.receiver.is_behind
        assert again.close()
    run = runs.Run(out)
    assert b"".join(each.tobytes() for each in run.segments) == records.tobytes()
    assert run.manifest["records"] == 12 and len(run.manifest["segments"]) == 2
    assert "caught up: 7\n" in capsys.readouterr().out
    with Journal(records) as journal:
        assert receiver(journal, out).close()
    assert len(runs.Run(out).segments) == 2


def test_what_is_gone_is_told(tmp_path, capsys):
    with Journal(some_flagged(9), oldest=6) as journal:
        assert receiver(journal, tmp_path / "run", "--from", "2").close()
    assert "gone: 4\n" in capsys.readouterr().out


def test_catch_up_needs_both_topics():
    with pytest.raises(SystemExit):
        receive.parse_arguments(["--connect", "a", "--catch-up", "b", "--topic", "flagged"])
