"""Snakemake's records after a disk has failed: what cannot be read is taken away, and no more."""

import json

import pytest

from memdyn.jobs.records import clear_damaged

WHOLE = {"rule": "train", "code": "x"}


@pytest.mark.parametrize("damage", [b"\xd2\xdf\x00", b"\xff" * 20, b"17", b'"text"', b"[]"])
def test_damaged_records_are_taken_away(tmp_path, damage):
    kept, gone = tmp_path / "metadata/b2s=", tmp_path / "metadata/@deep/YmFk"
    begun = tmp_path / "incomplete/YmFk"
    for path in (kept, gone, begun):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(damage)
    kept.write_text(json.dumps(WHOLE))
    assert clear_damaged(tmp_path) == 2
    assert json.loads(kept.read_text()) == WHOLE and not gone.exists()
    assert isinstance(json.loads(begun.read_text()), dict)  # still said to be unfinished


def test_a_record_that_is_being_written_is_left(tmp_path):
    path = tmp_path / "metadata/b2s="
    path.parent.mkdir()
    for size in range(len(json.dumps(WHOLE))):
        path.write_text(json.dumps(WHOLE)[:size])
        assert clear_damaged(tmp_path) == 0 and path.exists()


def test_no_folder_is_no_damage(tmp_path):
    assert clear_damaged(tmp_path / "nowhere") == 0
