import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

from memdyn.files import (
    DiskProblem,
    FileProblem,
    keep_trying,
    load_arrays,
    read_table,
    read_table_metadata,
    save_arrays,
    write_atomically,
    write_table,
)

TABLE = pd.DataFrame({"name": ["a", "b"], "error": [0.1, np.nan], "solved": [True, False]})
ARRAYS = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "flags": np.array([True, False]),
    "one": np.array(3),
    "none": np.zeros((0, 2)),
}


def only_file(folder):
    (file,) = folder.iterdir()
    return file


def test_a_finished_block_replaces_the_file(tmp_path):
    path = tmp_path / "new" / "figure.pdf"
    for text in ("old", "new"):
        with write_atomically(path) as temporary:
            assert temporary.parent == path.parent
            assert temporary.suffix == ".pdf"
            temporary.write_text(text)
    assert only_file(path.parent).read_text() == "new"


def test_a_failed_block_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="power"), write_atomically(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError("power")
    assert only_file(tmp_path).read_text() == "old"


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    problem = pytest.raises(FileProblem, match=r"nothing was written for .*a\.txt")
    with problem, write_atomically(tmp_path / "a.txt"):
        pass


def test_table_and_metadata_come_back(tmp_path):
    path = tmp_path / "t.parquet"
    write_table(path, TABLE, {"schema": "networks/1", "seeds": [1, 2]})
    pd.testing.assert_frame_equal(read_table(path, "networks/1"), TABLE)
    assert read_table_metadata(path) == {"schema": "networks/1", "seeds": [1, 2]}


def test_arrays_and_metadata_come_back(tmp_path):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS, {"schema": "latents/1", "seed": 7})
    arrays, metadata = load_arrays(path, "latents/1")
    assert metadata == {"schema": "latents/1", "seed": 7}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array)
        assert arrays[name].dtype == array.dtype
        assert arrays[name].shape == array.shape


def test_equal_content_gives_equal_bytes(tmp_path):
    metadata = {"schema": "x/1", "b": 1, "a": 2}
    for name in "ab":
        save_arrays(tmp_path / name / "x.safetensors", ARRAYS, metadata)
        write_table(tmp_path / name / "x.parquet", TABLE, metadata)
    for file in ("x.safetensors", "x.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "plain").touch()
    save_arrays(tmp_path / "arrays", ARRAYS, {"schema": "x/1"})
    write_table(tmp_path / "table", TABLE, {"schema": "x/1"})
    assert len({file.stat().st_mode for file in tmp_path.iterdir()}) == 1


def write_foreign_table(path):
    TABLE.to_parquet(path)


def write_foreign_arrays(path):
    safetensors.numpy.save_file({"x": np.zeros(2)}, path)


KINDS = pytest.mark.parametrize(
    ("write", "read", "write_foreign"),
    [
        (lambda path: write_table(path, TABLE, {"schema": "x/1"}), read_table, write_foreign_table),
        (
            lambda path: save_arrays(path, ARRAYS, {"schema": "x/1"}),
            load_arrays,
            write_foreign_arrays,
        ),
    ],
    ids=["table", "arrays"],
)


@KINDS
def test_missing(tmp_path, write, read, write_foreign):
    with pytest.raises(FileProblem, match=r"file does not exist: run the rule"):
        read(tmp_path / "file", "x/1")


@KINDS
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated(tmp_path, write, read, write_foreign, share):
    path = tmp_path / "file"
    write(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(FileProblem, match=r"file is not a complete .* delete it") as caught:
        read(path, "x/1")
    assert "\n" not in str(caught.value)


@KINDS
def test_not_that_format(tmp_path, write, read, write_foreign):
    path = tmp_path / "file"
    path.write_text("name,error\n" * 100)
    with pytest.raises(FileProblem, match="is not a complete"):
        read(path, "x/1")


@KINDS
def test_foreign(tmp_path, write, read, write_foreign):
    write_foreign(tmp_path / "file")
    with pytest.raises(FileProblem, match="was not written by memdyn"):
        read(tmp_path / "file", "x/1")


@KINDS
def test_other_schema(tmp_path, write, read, write_foreign):
    write(tmp_path / "file")
    with pytest.raises(FileProblem, match=r"holds 'x/1' where 'x/2' is needed"):
        read(tmp_path / "file", "x/2")


def test_metadata_must_name_a_schema(tmp_path):
    with pytest.raises(ValueError, match='needs a key "schema"'):
        save_arrays(tmp_path / "a.safetensors", ARRAYS, {"seed": 1})
    with pytest.raises(ValueError, match='needs a key "schema"'):
        write_table(tmp_path / "t.parquet", TABLE, {})
    assert not list(tmp_path.iterdir())


def test_text_arrays_are_refused(tmp_path):
    with pytest.raises(TypeError, match="array 'names'"):
        save_arrays(tmp_path / "a.safetensors", {"names": np.array(["x"])}, {"schema": "x/1"})


def flips(path, n, seed):
    """The file's content with one bit flipped, ``n`` times, anywhere in it."""
    content, chance = path.read_bytes(), np.random.default_rng(seed)
    for at, bit in zip(chance.integers(0, len(content), n), chance.integers(0, 8, n), strict=True):
        damaged = bytearray(content)
        damaged[at] ^= 1 << int(bit)
        yield bytes(damaged)


def same(one, other):
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    equal = [np.array_equal(one[0][name], other[0].get(name)) for name in one[0]]
    return all(equal) and one[1] == other[1]


@KINDS
def test_no_flipped_bit_gives_other_values(tmp_path, write, read, write_foreign):
    path = tmp_path / "file"
    write(path)
    whole, refused = read(path, "x/1"), 0
    for damaged in flips(path, 300, seed=0):
        path.write_bytes(damaged)
        try:
            assert same(whole, read(path, "x/1"))
        except FileProblem as problem:
            assert str(path) in str(problem) and "\n" not in str(problem)
            refused += 1
    assert refused > 250


@KINDS
def test_a_copy_of_a_sister_is_refused(tmp_path, write, read, write_foreign):
    write(tmp_path / "part0")
    (tmp_path / "part1").write_bytes((tmp_path / "part0").read_bytes())
    with pytest.raises(FileProblem, match=r"part1 was written as 'part0'.* delete it"):
        read(tmp_path / "part1", "x/1")


def test_renamed_and_swapped_arrays_are_refused(tmp_path):
    path = tmp_path / "a"
    save_arrays(path, {"one": np.zeros(3), "two": np.ones(3)}, {"schema": "x/1"})
    with safetensors.safe_open(path, framework="np") as content:
        metadata = content.metadata()
    for names in (("one", "three"), ("two", "one"), ("one",)):
        arrays = dict(zip(names, (np.zeros(3), np.ones(3)), strict=False))
        safetensors.numpy.save_file(arrays, path, metadata=metadata)
        with pytest.raises(FileProblem, match="is not a complete safetensors file"):
            load_arrays(path, "x/1")


def test_files_without_checksums_are_refused(tmp_path):
    metadata = {"memdyn": '{"schema": "x/1"}'}
    safetensors.numpy.save_file({"x": np.zeros(2)}, tmp_path / "a", metadata=metadata)
    with pytest.raises(FileProblem, match="has no checksums"):
        load_arrays(tmp_path / "a", "x/1")


def test_arrays_and_facts_that_are_needed_are_named(tmp_path):
    path = tmp_path / "a"
    save_arrays(path, {"x": np.zeros(2)}, {"schema": "x/1", "key": 1})
    assert load_arrays(path, "x/1", names=("x",), facts=("key",))
    with pytest.raises(FileProblem, match="'y'"):
        load_arrays(path, "x/1", names=("x", "y"))
    with pytest.raises(FileProblem, match="'trial'"):
        load_arrays(path, "x/1", facts=("trial",))


@pytest.mark.parametrize(
    ("code", "words"), [("ENOSPC", "free space"), ("EDQUOT", "quota"), ("EROFS", "writable")]
)
def test_a_disk_that_takes_nothing_is_named_with_the_file(tmp_path, monkeypatch, code, words):
    path, number = tmp_path / "a.parquet", getattr(errno, code)
    write_table(path, TABLE, {"schema": "x/1"})

    def full(handle):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskProblem, match=rf"a\.parquet cannot be written .*{words}") as problem:
        write_table(path, TABLE, {"schema": "x/1"})
    assert "\n" not in str(problem.value)
    assert read_table(path, "x/1").equals(TABLE)
    assert only_file(tmp_path) == path


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_safetensors_on_a_full_disk(tmp_path, monkeypatch):
    def write(arrays, path, metadata):
        path.unlink()
        path.symlink_to("/dev/full")
        path.write_bytes(b"x")

    monkeypatch.setattr(safetensors.numpy, "save_file", write)
    with pytest.raises(DiskProblem, match=r"a cannot be written .* free space"):
        save_arrays(tmp_path / "a", ARRAYS, {"schema": "x/1"})


def test_the_last_save_waits_for_room(caplog):
    tries = []

    def save():
        tries.append(1)
        if len(tries) < 3:
            raise DiskProblem("a cannot be written: free space")

    keep_trying(save, every=0.01)
    assert len(tries) == 3
    assert caplog.messages[0].startswith("a cannot be written: free space; waiting")
    tries.clear()
    with pytest.raises(DiskProblem):
        keep_trying(save, for_seconds=0)
