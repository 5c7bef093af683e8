"""tamis-convert: what users have as Parquet, HDF5 and ROOT becomes a run, or a clear error."""

import json

import numpy as np
import pytest

import tamis
from tamis import records as formats
from tamis.commands import convert

NAMES = ["pt", "eta", "phi", "mass"]
COUNT = 20_000


@pytest.fixture
def names(tmp_path):
    (tmp_path / "names.json").write_text(json.dumps(NAMES))
    return str(tmp_path / "names.json")


def some_columns(count=COUNT):
    generator = np.random.default_rng(1)
    columns = {name: generator.standard_normal(count).astype(dtype) for name, dtype in
               zip(NAMES, ("<f4", "<f8", ">f8", "<f4"))}
    columns["mass"] = generator.integers(-100, 100, count).astype("<i2")
    columns["number"] = generator.integers(0, 2**64, count, np.uint64)
    columns["taken"] = 1.7e9 + np.arange(count) * 1e-3
    columns["run"] = np.repeat(np.arange(5), count // 5).astype("<i4")
    return columns


def parquet(path, columns):
    arrow = pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    from pyarrow import parquet as writer
    writer.write_table(arrow.table({
        name: values if isinstance(values, arrow.Array) else values.astype(
            values.dtype.newbyteorder("=")) if values.ndim == 1 else list(values)
        for name, values in columns.items()}), path)


def hdf5(path, columns):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    with h5py.File(path, "w") as file:
        for name, values in columns.items():
            file[name] = values


def root(path, columns):
    uproot = pytest.importorskip("uproot", reason="needs tamis[root]")
    with uproot.recreate(path) as file:
        file["Events"] = {name: values.astype(values.dtype.newbyteorder("="))
                          for name, values in columns.items()}


WRITERS = {"parquet": parquet, "hdf5": hdf5, "root": root}


@pytest.fixture(params=sorted(WRITERS))
def write(request):
    return WRITERS[request.param]


def converted(tmp_path, *arguments):
    convert.main([*map(str, arguments), "--out", str(tmp_path / "run")])
    return tamis.Run(tmp_path / "run")


def refused(tmp_path, said, *arguments):
    with pytest.raises((tamis.TamisError, ValueError), match=said):
        converted(tmp_path, *arguments)
    assert not (tmp_path / "run").exists()


def test_columns_by_name(tmp_path, write, names):
    columns = some_columns()
    shuffled = {name: columns[name] for name in sorted(columns, reverse=True)}
    write(tmp_path / "file", shuffled)
    run = converted(tmp_path, tmp_path / "file", "--names", names, "--event", "number", "--time",
                    "taken", "--time-unit", "s", "--run", "run", "--simulated")
    assert list(run.faults()) == [] and run.stated_names == NAMES
    events = run.select(kind=formats.EVENT)
    for index, name in enumerate(NAMES):
        assert (events["features"][:, index] == columns[name].astype(np.float32)).all()
    assert events["event"].tolist() == columns["number"].tolist()
    assert np.abs(events["time_ns"] - columns["taken"] * 1e9).max() < 1000
    assert events["run"].tolist() == columns["run"].tolist()
    counts = run.manifest["counts"]
    assert counts == {"event": COUNT, "begin_of_run": 5, "end_of_run": 5, "heartbeat": 0}
    assert all(each["lost"] == 0 and each["first_sequence"] == 1
               for each in run.manifest["sources"])
    assert (events["flags"] == formats.SIMULATED_FLAG).all()
    assert (events["schema"] == tamis.schema_prefix(NAMES)).all()


def test_several_files_are_one_run(tmp_path, write, names):
    columns = some_columns(100)
    write(tmp_path / "a", {name: values[:60] for name, values in columns.items()})
    write(tmp_path / "b", {name: values[60:] for name, values in columns.items()})
    run = converted(tmp_path, tmp_path / "a", tmp_path / "b", "--names", names, "--run", 7)
    assert run.features()[:, 0].tolist() == columns["pt"].tolist()
    assert run.select(kind=formats.EVENT)["event"].tolist() == list(range(1, 101))
    assert run.manifest["sources"][0]["records"] == 102


def test_what_is_refused(tmp_path, write, names):
    columns = some_columns(50)
    file = tmp_path / "file"
    write(file, {("MET" if name == "phi" else name): v for name, v in columns.items()})
    refused(tmp_path, "no column phi.*--rename", file, "--names", names)
    assert len(converted(tmp_path, file, "--names", names, "--rename", "phi=MET")) == 52
    import shutil
    shutil.rmtree(tmp_path / "run")
    fine = [file, "--names", names, "--rename", "phi=MET"]
    refused(tmp_path, "--rename x=MET", file, "--names", names, "--rename", "x=MET")
    refused(tmp_path, "no column Number \\(is it number\\?\\)", *fine, "--event", "Number")
    refused(tmp_path, "whole numbers", *fine, "--event", "pt")
    refused(tmp_path, "before 1970", *fine, "--time", "eta")
    refused(tmp_path, "--model FILE or --names", file)
    refused(tmp_path, "no such file", tmp_path / "nothing", "--names", names)
    write(tmp_path / "empty", {name: v[:0] for name, v in columns.items()})
    refused(tmp_path, "no events", tmp_path / "empty", "--names", names)
    backwards = {**columns, "run": columns["run"][::-1].copy()}
    write(tmp_path / "backwards", backwards)
    refused(tmp_path, "run 3 after run 4", tmp_path / "backwards", "--names", names, "--run", "run")


def test_what_is_out_of_range_names_the_column(tmp_path, write, names):
    file, columns = tmp_path / "file", some_columns(5)
    write(file, {**columns, "low": np.array([3, -1, 2, 0, 1]),
                 "large": np.array([1, 2**32, 3, 4, 5])})
    refused(tmp_path, "file: column low: -1 to 3; 0 to 18446744073709551615", file, "--names", names,
            "--event", "low")
    for field in ("run", "lumi", "orbit"):
        refused(tmp_path, "file: column large: 1 to 4294967296; 0 to 4294967295", file, "--names",
                names, f"--{field}", "large")
    refused(tmp_path, "--run 4294967296: a whole number of 0 to 4294967295", file, "--names", names,
            "--run", 2**32)
    refused(tmp_path, "--lumi nan: a whole number", file, "--names", names, "--lumi", "nan")


def test_numbers_that_small_floats_do_not_hold_are_refused(tmp_path, write, names):
    file, columns = tmp_path / "file", some_columns(5)
    write(file, {**columns, "single": np.array([1, 2**24 - 1, 2, 3, 4], np.float32),
                 "rounded": np.array([1, 2**24 + 1, 2, 3, 4], np.float32),
                 "seconds": np.array([1.7e9] * 5, np.float32)})
    refused(tmp_path, "column rounded: 1.0 to 16777216.0; 0 to 16777215 was expected", file,
            "--names", names, "--event", "rounded")
    refused(tmp_path, "column seconds: float32, which tells times", file, "--names", names, "--time",
            "seconds", "--time-unit", "s")
    run = converted(tmp_path, file, "--names", names, "--event", "single")
    assert run.select(kind=formats.EVENT)["event"].tolist() == [1, 2**24 - 1, 2, 3, 4]


def test_damaged_files_and_what_is_no_file(tmp_path, write, names):
    write(tmp_path / "file", some_columns(1000))
    whole = (tmp_path / "file").read_bytes()
    for length in (20, len(whole) // 2):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(tamis.FileFault, match="cut: .*cannot be read.*damaged or cut|no tree"):
            converted(tmp_path, tmp_path / "cut", "--names", names)
    (tmp_path / "cut").write_bytes(b"")
    refused(tmp_path, "cut: is empty", tmp_path / "cut", "--names", names)
    (tmp_path / "folder").mkdir()
    refused(tmp_path, "folder: is no file", tmp_path / "folder", "--names", names)


def test_rows_of_one_number_are_numbers(tmp_path, names):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    columns = some_columns(5)
    with h5py.File(tmp_path / "file.h5", "w") as file:
        for name in NAMES:
            file[name] = columns[name][:, np.newaxis]
        file["number"] = columns["number"][:, np.newaxis]
        file["text"] = [b"a"] * 5
        file["one"] = 1.0
    file = tmp_path / "file.h5"
    run = converted(tmp_path, file, "--names", names, "--event", "number")
    assert run.features()[:, 0].tolist() == columns["pt"].tolist()
    assert run.select(kind=formats.EVENT)["event"].tolist() == columns["number"].tolist()
    for column, found in (("text", "of the type object"), ("one", "a single value")):
        with pytest.raises(tamis.FileFault, match=f"column {column}: {found}"):
            converted(tmp_path / "other", file, "--names", names, "--rename", f"pt={column}")


def test_columns_of_one_name(tmp_path, names):
    arrow = pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    from pyarrow import parquet as writer
    writer.write_table(arrow.Table.from_arrays([arrow.array([1.0])] * 5, names=[*NAMES, "pt"]),
                       tmp_path / "file")
    refused(tmp_path, "column pt: 2 columns of this name", tmp_path / "file", "--names", names)


def test_one_column_of_many_numbers(tmp_path, write, names, capsys):
    features = np.random.default_rng(2).standard_normal((100, 4))
    if write is parquet:
        features = features.astype(np.float32)
    write(tmp_path / "file", {"x": features})
    refused(tmp_path, "without names; give --in-order", tmp_path / "file", "--names", names)
    run = converted(tmp_path, tmp_path / "file", "--names", names, "--in-order")
    assert (run.features() == features.astype(np.float32)).all()
    assert "model's order" in capsys.readouterr().err
    (tmp_path / "three.json").write_text('["a", "b", "c"]')
    with pytest.raises(tamis.FileFault, match="4 numbers a row"):
        convert.main([str(tmp_path / "file"), "--names", str(tmp_path / "three.json"), "--in-order",
                      "--out", str(tmp_path / "other")])


def test_named_parts_are_put_in_order(tmp_path, names, capsys):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    features = np.arange(40, dtype=np.float64).reshape(10, 4)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_group("jets").create_dataset("x", data=features)
        dataset.attrs["names"] = NAMES[::-1]
        file["weights"] = np.ones(3)
    run = converted(tmp_path, tmp_path / "a.h5", "--names", names, "--inside", "jets")
    assert (run.features() == features[:, ::-1]).all()
    assert "by its names" in capsys.readouterr().err
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["jets/x"].attrs["names"] = ["pt", "eta", "phi", "energy"]
    with pytest.raises(tamis.FileFault, match="not there: mass"):
        convert.main([str(tmp_path / "a.h5"), "--names", names, "--inside", "jets", "--out",
                      str(tmp_path / "b")])


def test_compound_datasets_and_different_lengths(tmp_path, names):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    rows = np.zeros(10, [(name, "<f8") for name in NAMES])
    rows["phi"] = np.arange(10)
    file = tmp_path / "a.h5"
    with h5py.File(file, "w") as written:
        written["table"] = rows
        written["more"] = np.ones(3)
    refused(tmp_path, "different lengths, such as [a-z]+ 10, more 3", file, "--names", names, "--event",
            "more")
    for number, inside in enumerate(([], ["--inside", "table"])):
        convert.main([str(file), "--names", names, *inside, "--out", str(tmp_path / f"{number}")])
        assert tamis.Run(tmp_path / f"{number}").features()[:, 2].tolist() == list(range(10))
    with h5py.File(file, "a") as written:
        written["other"] = rows
    refused(tmp_path, "column pt: in more than one dataset", file, "--names", names)
    assert len(converted(tmp_path, file, "--names", names, "--inside", "other")) == 12


def test_groups_links_and_lists_of_hdf5(tmp_path, names, capsys):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    file, lists = tmp_path / "a.h5", np.arange(40, dtype=np.float32).reshape(10, 4)
    with h5py.File(file, "w") as written:
        for index, name in enumerate(NAMES):
            written.create_dataset(f"deep/{name}", data=lists[:, index].astype(">f8"), chunks=(3,),
                                   compression="gzip")
        written["short/pt"] = h5py.SoftLink("/deep/pt")
        written["short/eta"] = h5py.ExternalLink("gone.h5", "/eta")
        x = written.create_dataset("lists/x", (10,), h5py.vlen_dtype(np.float32))
        for index in range(10):
            x[index] = lists[index]
    refused(tmp_path, "there are none; --inside may be deep, lists, short", file, "--names", names)
    refused(tmp_path, "column eta: a link that leads nowhere", file, "--names", names, "--inside",
            "short", "--rename", "phi=pt", "--rename", "mass=pt")
    for number, inside in enumerate((["deep"], ["lists", "--in-order"])):
        convert.main([str(file), "--names", names, "--inside", *inside, "--out",
                      str(tmp_path / f"{number}")])
        assert tamis.Run(tmp_path / f"{number}").features().tolist() == lists.tolist()
    with h5py.File(file, "a") as written:
        written["lists/x"][7] = lists[7, :3]
    refused(tmp_path, "column x: rows of 3 to 4 values", file, "--names", names, "--inside",
            "lists", "--in-order")


def test_what_pandas_writes_as_hdf5_is_put_in_order(tmp_path, names, capsys):
    h5py = pytest.importorskip("h5py", reason="needs tamis[hdf5]")
    file, values = tmp_path / "a.h5", np.arange(40, dtype=np.float64).reshape(10, 4)
    with h5py.File(file, "w") as written:
        frame = written.create_group("df")  # as DataFrame.to_hdf(key="df") does
        frame["axis1"] = np.arange(10)
        frame["axis0"] = frame["block0_items"] = np.array(NAMES[::-1], "S4")
        frame["block0_values"] = values
    run = converted(tmp_path, file, "--names", names, "--inside", "df")
    assert (run.features() == values[:, ::-1]).all()
    assert "by its names" in capsys.readouterr().err


def test_structs_times_and_missing_values_of_parquet(tmp_path, names):
    arrow = pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    from pyarrow import parquet as writer
    values = np.random.default_rng(3).standard_normal((6, 4))
    inner = arrow.StructArray.from_arrays(
        [arrow.array(values[:, index]) for index in range(4)], NAMES,
        mask=arrow.array([False, False, True, False, False, False]))
    file = tmp_path / "a.parquet"
    large = [None, *range(2**63, 2**63 + 5)]
    writer.write_table(arrow.table({
        "jet": arrow.StructArray.from_arrays([inner], ["best"]), "number": [1, 2, 3, 4, 5, 6],
        "large": arrow.array(large, arrow.uint64()), "late": arrow.array([10**11] * 6,
                                                                       arrow.timestamp("s")),
        "when": arrow.array(range(6), arrow.timestamp("s", "Europe/Paris"))}), file)
    refused(tmp_path, "no column pt.*jet.best.pt.*--inside may be jet, jet.best", file, "--names",
            names)
    inside = [file, "--names", names, "--inside", "jet.best"]
    refused(tmp_path, "no struct 'jets'; there are jet, jet.best", *inside[:-1], "jets")
    refused(tmp_path, "column large: whole numbers were expected", *inside, "--event", "large")
    refused(tmp_path, "column late: a time is outside", *inside, "--time", "late")
    run = converted(tmp_path, *inside, "--event", "number", "--time", "when", "--time-unit", "s")
    values[2] = np.nan
    assert np.array_equal(run.features(), values.astype(np.float32), equal_nan=True)
    events = run.select(kind=formats.EVENT)
    assert events["time_ns"].tolist() == [10**9 * each for each in range(6)]
    assert events["event"].tolist() == [1, 2, 3, 4, 5, 6]
    convert.main([str(file), "--names", names, "--out", str(tmp_path / "b"), "--rename", "pt=large",
                  *(f"--rename={name}=jet.best.{name}" for name in NAMES[1:])])
    assert tamis.Run(tmp_path / "b").features()[1:, 0].tolist() == [2.0**63] * 5


def test_nulls_nans_and_what_float32_has_no_room_for(tmp_path, names, capsys):
    arrow = pytest.importorskip("pyarrow", reason="needs tamis[parquet]")
    columns = {name: np.ones(6) for name in NAMES}
    columns["pt"] = arrow.array([1.0, None, float("nan"), 1e300, -1e300, 2.0])
    columns["text"] = arrow.array(["a"] * 6)
    columns["when"] = arrow.array([10**6 * each for each in range(6)], arrow.timestamp("us"))
    parquet(tmp_path / "a", columns)
    run = converted(tmp_path, tmp_path / "a", "--names", names, "--time", "when")
    said = capsys.readouterr()
    assert "4 not finite" in said.out and "2 values were beyond float32" in said.err
    assert run.select(kind=1)["time_ns"].tolist() == [10**9 * each for each in range(6)]
    with pytest.raises(tamis.FileFault, match="column text: of the type string"):
        convert.main([str(tmp_path / "a"), "--names", names, "--rename", "pt=text", "--out",
                      str(tmp_path / "b")])


def test_jagged_branches_and_several_trees(tmp_path, names):
    uproot = pytest.importorskip("uproot", reason="needs tamis[root]")
    awkward = pytest.importorskip("awkward", reason="needs tamis[root]")
    with uproot.recreate(tmp_path / "a.root") as file:
        file["one"] = {name: np.ones(3, np.float32) for name in NAMES}
        file["two"] = {**{name: np.ones(3, np.float32) for name in NAMES[1:]},
                       "pt": awkward.Array([[1.0], [], [2.0, 3.0]])}
    refused(tmp_path, "trees one, two", tmp_path / "a.root", "--names", names)
    refused(tmp_path, "pt: a list of numbers a row .of the type (std::vector<double>|double\\[\\])",
            tmp_path / "a.root", "--names", names, "--inside", "two")
    assert len(converted(tmp_path, tmp_path / "a.root", "--names", names, "--inside", "one")) == 5


def test_collections_lists_and_cycles_of_root(tmp_path, names):
    # Earlier ones write no RNTuple of columns.
    uproot = pytest.importorskip("uproot", minversion="5.6", reason="needs tamis[root]")
    awkward = pytest.importorskip("awkward", reason="needs tamis[root]")
    file, lists = tmp_path / "a.root", np.arange(40, dtype=np.float64).reshape(10, 4)
    columns = {name: lists[:, index] for index, name in enumerate(NAMES)}
    jets = [dict.fromkeys(NAMES, 1.0), dict.fromkeys(NAMES, 2.0)]
    with uproot.recreate(file) as written:
        written.mkrntuple("pairs", {"jet": awkward.Array([jets] * 10)})
        written.mkrntuple("lists", {"x": awkward.Array(lists.tolist()), "weights": lists[:, :2]})
        written.mkrntuple("optional", {**columns, "pt": awkward.Array([None, *range(1, 10)])})
        written.mktree("tree", {"x": "var * float64"})
        written["tree"].extend({"x": awkward.Array(lists.tolist())})
        written["twice"] = {name: values + 1 for name, values in columns.items()}
        written["twice"] = columns
    jet = [f"--rename={name}=jet.{name}" for name in NAMES]
    # Two jets an event are not twice as many events.
    refused(tmp_path, "column jet.*: .* a row; one number a row was expected", file, "--names", names,
            "--inside", "pairs", *jet)
    for number, (inside, expected) in enumerate((
            (["tree", "--in-order"], lists), (["lists", "--in-order"], lists),
            (["twice"], lists), (["twice;1"], lists + 1), (["twice;2"], lists))):
        convert.main([str(file), "--names", names, "--inside", *inside, "--out",
                      str(tmp_path / f"{number}")])
        assert tamis.Run(tmp_path / f"{number}").features().tolist() == expected.tolist()
    first = converted(tmp_path, file, "--names", names, "--inside", "optional").features()[:, 0]
    assert np.isnan(first[0]) and first[1:].tolist() == list(range(1, 10))


@pytest.mark.parametrize("to", [tamis.to_parquet, tamis.to_hdf5, tamis.to_root])
def test_what_tamis_wrote_becomes_the_run_that_it_was(tmp_path, to, names):
    module = {"to_parquet": "pyarrow", "to_hdf5": "h5py", "to_root": "uproot"}[to.__name__]
    pytest.importorskip(module)
    events = formats.seal(formats.new_events(9, 4, sequence=np.arange(9) + 1, run=2))
    with tamis.RunWriter(tmp_path / "before", "events", 4, NAMES) as writer:
        writer.append(events[:4])
        writer.next_segment()
        writer.append(events[4:])
    to(tmp_path / "before", tmp_path / "file")
    run = converted(tmp_path, tmp_path / "file", "--names", names)
    assert run.manifest == tamis.Run(tmp_path / "before").manifest
    (tmp_path / "names.json").write_text(json.dumps(NAMES[::-1]))
    with pytest.raises(tamis.FileFault, match="another order"):
        convert.main([str(tmp_path / "file"), "--names", names, "--out", str(tmp_path / "x")])
