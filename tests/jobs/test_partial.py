"""Finished files outlive what Snakemake removes; mixed code is refused; results say whose."""

import pandas as pd
import pytest

from memdyn.files import read_metadata, write_table
from memdyn.jobs import checks, plan, provenance
from memdyn.jobs.digest import code_digest
from memdyn.jobs.partial import Partial, clear_half_written, forget
from memdyn.tables import key_of

SCHEMA = "test/1"


def write(path, key="key", n=3):
    metadata = {"schema": SCHEMA, "provenance": {"key": key}}
    write_table(path, pd.DataFrame({"a": range(n)}), metadata)


def key(path):
    return key_of(path, SCHEMA)


def test_a_finished_file_is_found_by_the_next_try(tmp_path):
    partial = Partial(tmp_path / "out.parquet", "key")
    assert not partial.is_delivered(key)
    partial.deliver(write)
    assert key(partial.output) == "key"
    partial.output.unlink()  # as Snakemake does
    assert partial.is_delivered(key) and key(partial.output) == "key"
    assert not Partial(partial.output, "other").is_delivered(key)
    forget(partial.output)
    assert not partial.folder.exists() and partial.output.exists()


def test_half_written_files_of_a_killed_job_are_cleared(tmp_path):
    partial = Partial(tmp_path / "out.parquet", "key")
    partial.folder.mkdir()
    ours, theirs = tmp_path / ".out.0123456789ab.parquet", partial.folder / ".tmpn1iEOy"
    kept = [partial.folder / "state.safetensors", tmp_path / ".output.0123456789ab.parquet"]
    for path in (ours, theirs, *kept):
        path.write_text("half")
    clear_half_written([partial.output, tmp_path / "nowhere" / "a.csv"])
    assert not ours.exists() and not theirs.exists()
    assert all(path.exists() for path in kept)  # the state, and what another job is writing


def test_a_damaged_finished_file_is_made_again(tmp_path, caplog):
    partial = Partial(tmp_path / "out.parquet", "key")
    partial.deliver(write)
    kept = partial.folder / "out.parquet"
    kept.write_bytes(kept.read_bytes()[:-20])
    assert not partial.is_delivered(key)
    assert "made again" in caplog.text


@pytest.fixture
def script(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMDYN_PLAN", "")
    path = tmp_path / "study" / "script.py"
    path.parent.mkdir()
    path.write_text("x = 1\n")
    return path


def test_a_job_refuses_code_that_it_was_not_planned_with(script):
    plan.begin()
    planned = code_digest(script)
    plan.note_code("study/script", planned)
    plan.refuse_mixed(script, planned)
    script.write_text("x = 1  # a comment\n")
    plan.refuse_mixed(script, planned)
    script.write_text("x = 2\n")
    with pytest.raises(plan.MixedCode, match=r"study/script was changed.*start the run again"):
        plan.refuse_mixed(script, planned)
    # On a cluster the job has parsed the changed code itself; the run's plan knows better.
    with pytest.raises(plan.MixedCode):
        plan.refuse_mixed(script, code_digest(script))


def test_without_a_plan_the_params_alone_decide(script):
    plan.refuse_mixed(script, code_digest(script))
    with pytest.raises(plan.MixedCode):
        plan.refuse_mixed(script, "0" * 64)


def test_results_are_compared_with_what_is_asked_now(tmp_path):
    params = {"settings": {"n": 3}, "code": "c" * 64}
    paths = [tmp_path / f"{name}.parquet" for name in ("good", "code", "config", "damaged")]
    for path in paths:
        provenance.note_job(code=params["code"], asked=plan.asked(params))
        if path.stem == "code":
            provenance.note_job(code="d" * 64, asked="")
        if path.stem == "config":
            changed = {**params, "settings": {"n": 4}}
            provenance.note_job(code=params["code"], asked=plan.asked(changed))
        metadata = {"schema": SCHEMA, "provenance": provenance.provenance()}
        write_table(path, pd.DataFrame({"a": [1]}), metadata)
    provenance.note_job()
    paths[-1].write_bytes(paths[-1].read_bytes()[:-30])
    found = checks.check([checks.asked_of(str(path), path.stem, params) for path in paths])
    verdicts = [checks.GOOD, checks.OTHER_CODE, checks.OTHER_CONFIG, checks.UNREADABLE]
    assert found["verdict"].tolist() == verdicts
    text = checks.as_text(found)
    assert "1 of 4 files are of this code" in text
    assert "--forcerun code config damaged" in text
    assert read_metadata(paths[0])["provenance"]["code"] == params["code"]
