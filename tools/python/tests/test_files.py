"""Runs as Parquet, HDF5 and ROOT files: back to the same bytes, and readable by others."""

import json

import numpy as np
import pytest

import tamis
from tamis import records as formats

MODULES = {"parquet": ["pyarrow"], "hdf5": ["h5py"], "root": ["uproot", "awkward"]}
TO = {"parquet": tamis.to_parquet, "hdf5": tamis.to_hdf5, "root": tamis.to_root}
FROM = {"parquet": tamis.from_parquet, "hdf5": tamis.from_hdf5, "root": tamis.from_root}
NAMES = ["pt", "eta", "φ, mass/√2", "run"]


@pytest.fixture(params=sorted(TO))
def kind(request):
    for module in MODULES[request.param]:
        pytest.importorskip(module, reason=f"needs tamis[{request.param}]")
    return request.param


def some_events(count, feature_count=4, seed=1):
    generator = np.random.default_rng(seed)
    words = generator.integers(0, 2**32, (count, feature_count), np.uint32)
    events = formats.new_events(
        count, feature_count, run=2**32 - 1, source=3, sequence=2**64 - 1 - np.arange(count,
        dtype=np.uint64), event=generator.integers(0, 2**64, count, np.uint64),
        time_ns=2**63 + np.arange(count, dtype=np.uint64), condition=np.float32("nan"),
        flags=0xFFFF, bunch_crossing=65535, orbit=2**32 - 1, features=words.view("<f4"))
    return formats.seal(events)  # features of any bits: NaNs with payloads, subnormals


def some_flagged(count, feature_count=4):
    events = some_events(count, feature_count)
    with np.errstate(all="ignore"):
        return formats.seal(formats.new_flagged(
            events, events["features"], reasons=1, working_points=0x8001, weight=2**32 - 1,
            number=2**64 - 1 - np.arange(count, dtype=np.uint64)[::-1], received_ns=2**64 - 1))


def written(path, records, kind, names=None, segments=1):
    with tamis.RunWriter(path, kind, formats.feature_count_of(records), names) as writer:
        for index, part in enumerate(np.array_split(records, segments)):
            if index:
                writer.next_segment()
            writer.append(part)
    return tamis.Run(path)


def content(run):
    return [(each.path.name, each.path.read_bytes()) for each in run.files]


@pytest.mark.parametrize("run_kind", ["events", "flagged"])
@pytest.mark.parametrize("count, segments", [(0, 1), (1, 1), (20_000, 3)])
def test_back_gives_the_same_bytes(tmp_path, kind, run_kind, count, segments):
    records = (some_events if run_kind == "events" else some_flagged)(count)
    run = written(tmp_path / "run", records, run_kind, NAMES, segments)
    TO[kind](run, tmp_path / "file", units={"pt": "GeV"}, provenance={"site": "P5"})
    table = FROM[kind](tmp_path / "file")
    assert table.records.tobytes() == records.tobytes()
    assert table.feature_names == NAMES and table.units == {"pt": "GeV"}
    assert table.provenance["manifest"] == run.manifest and table.provenance["site"] == "P5"
    back = table.write_run(tmp_path / "back")
    assert content(back) == content(run) and back.manifest == run.manifest


@pytest.mark.parametrize("feature_count", [1, 64, 1000])
def test_records_of_any_size_and_damaged_ones(tmp_path, kind, feature_count):
    records = some_flagged(50, feature_count)
    records["event"]["magic"][7], records["background_rate"][3] = b"XXXX", -9e-7
    records["event"]["features_count"][1] += 1
    records["crc32c"][5] ^= 1
    TO[kind](records, tmp_path / "file")
    table = FROM[kind](tmp_path / "file")
    assert table.records.tobytes() == records.tobytes() and table.feature_names is None


def test_names_of_records_that_state_none(tmp_path):
    pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    events = formats.seal(formats.new_events(3, 2, sequence=[1, 2, 3]))
    file = tmp_path / "file"
    with pytest.raises(tamis.FileFault, match="names are not known.*give feature_names"):
        tamis.to_parquet(events, file, units={"pt": "GeV"})
    with pytest.raises(tamis.FileFault, match="3 feature names for 2 features"):
        tamis.to_parquet(events, file, feature_names=["a", "b", "c"])
    with pytest.raises(tamis.FileFault, match="there is no folder .*missing"):
        tamis.to_parquet(events, tmp_path / "missing" / "file")
    tamis.to_parquet(events, file, units={"pt": "GeV"}, feature_names=["pt", "eta"])
    table = tamis.from_parquet(file)
    assert (table.feature_names, table.units) == (["pt", "eta"], {"pt": "GeV"})
    with pytest.raises(tamis.FileFault, match="other feature names"):
        tamis.to_parquet(table, tmp_path / "other", feature_names=["eta", "pt"])


def test_an_existing_file_and_a_stranger_are_refused(tmp_path, kind):
    records = some_events(3)
    TO[kind](records, tmp_path / "file")
    before = (tmp_path / "file").read_bytes()
    with pytest.raises(tamis.FileFault, match="exists"):
        TO[kind](records, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == before
    TO[kind](records, tmp_path / "file", force=True)
    with pytest.raises(tamis.FileFault, match="no such feature"):
        TO[kind](tamis.Table(records, NAMES), tmp_path / "other", units={"x": "GeV"})
    assert not list(tmp_path.glob("*writing*")) and not (tmp_path / "other").exists()
    (tmp_path / "text").write_text("hello")
    with pytest.raises(tamis.FileFault, match="begins with"):
        FROM[kind](tmp_path / "text")
    for other in set(FROM) - {kind}:
        with pytest.raises(tamis.FileFault, match=f"{kind}; {other} was expected"):
            FROM[other](tmp_path / "file")


def test_what_another_program_made_of_a_column_is_refused(tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    from pyarrow import parquet
    tamis.to_parquet(some_events(3), tmp_path / "file")
    table = parquet.read_table(tmp_path / "file")
    place = table.schema.get_field_index("time_ns")
    for column in (table.column(place).cast(arrow.float64(), safe=False),
                   arrow.array([1, None, 3], arrow.uint64())):
        changed = table.set_column(place, "time_ns", column).replace_schema_metadata(
            table.schema.metadata)
        parquet.write_table(changed, tmp_path / "changed")
        with pytest.raises(tamis.FileFault, match="time_ns: float64 .*uint64 .*was expected"):
            tamis.from_parquet(tmp_path / "changed")
    # What stands under the same key and is none of ours makes the file a stranger's.
    for text in (b"{", b"[1]", b"\xff", b'{"format": "tamis-table/1"}'):
        parquet.write_table(table.replace_schema_metadata({b"tamis": text}), tmp_path / "changed")
        with pytest.raises(tamis.FileFault, match="not written by tamis|cannot be read"):
            tamis.from_parquet(tmp_path / "changed")


def test_arrow_reads_it(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs tamis[parquet]")
    records = some_flagged(100)
    tamis.to_parquet(tamis.Table(records, NAMES), tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table["number"].to_numpy().tolist() == records["number"].tolist()
    assert table["event_time_ns"].to_numpy().tolist() == records["event"]["time_ns"].tolist()
    flat = table["event_features"].combine_chunks().flatten().to_numpy().reshape(-1, 4)
    assert flat.tobytes() == records["event"]["features"].tobytes()
    assert b"1970" in table.schema.field("event_time_ns").metadata[b"unit"]
    assert json.loads(table.schema.metadata[b"tamis"])["feature_names"] == NAMES


def test_h5py_reads_it(tmp_path):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    records = some_events(100)
    tamis.to_hdf5(tamis.Table(records, NAMES), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["features"][:].tobytes() == records["features"].tobytes()
        assert list(file["features"].attrs["names"]) == NAMES
        assert file["time_ns"].dtype == "<u8" and "1970" in file["time_ns"].attrs["unit"]


def test_uproot_reads_it(tmp_path):
    uproot = pytest.importorskip("uproot", reason="needs tamis[root]")
    records = some_events(100)
    tamis.to_root(tamis.Table(records, NAMES), tmp_path / "a.root")
    with uproot.open(tmp_path / "a.root") as file:
        arrays = file["events"].arrays(["event", "features"], library="np")
        assert arrays["event"].tolist() == records["event"].tolist()
        assert arrays["features"].astype("<f4").tobytes() == records["features"].tobytes()
        assert json.loads(str(file["tamis"]))["schema"] == \
            formats.schema_text(tamis.schema_prefix(NAMES))


def test_pandas_frame():
    pytest.importorskip("pandas", reason="needs tamis[pandas]")
    records = some_flagged(10)
    frame = tamis.to_pandas(tamis.Table(records, NAMES, {"pt": "GeV"}))
    assert frame["number"].tolist() == records["number"].tolist()
    assert frame["event_time_ns"].dtype == np.uint64
    assert frame["pt"].to_numpy().tobytes() == records["event"]["features"][:, 0].tobytes()
    assert frame["attribution_eta"].to_numpy().tobytes() == \
        records["attributions"][:, 1].tobytes()
    assert frame.attrs["tamis"]["feature_units"] == {"pt": "GeV"}
    events = tamis.to_pandas(tamis.Table(some_events(4), NAMES))
    assert events["run"].tolist() == [2**32 - 1] * 4 and "feature_run" in events
    assert len(tamis.to_pandas(some_events(0))) == 0
