"""Recorded work: what is called when, and what happens where recording fails."""

import logging

import pytest

from memdyn import cuda_graphs


@pytest.fixture
def calls(monkeypatch):
    """What happened in order; recording and replaying are played."""
    happened = []

    def record(work):
        happened.append("record")
        return lambda: happened.append("replay")

    monkeypatch.setattr(cuda_graphs, "record", record)
    return happened


def test_on_the_cpu_each_call_is_the_work(calls):
    work = cuda_graphs.Replayed(lambda: calls.append("work"), "cpu")
    for _ in range(3):
        work()
    assert calls == ["work"] * 3


def test_on_a_gpu_the_work_runs_once_is_recorded_once_and_replayed(calls):
    work = cuda_graphs.Replayed(lambda: calls.append("work"), "cuda")
    for _ in range(4):
        work()
    assert calls == ["work", "record", "replay", "replay", "replay"]


def test_where_recording_fails_each_call_is_the_work(calls, monkeypatch, caplog):
    def record(work):
        calls.append("record")
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(cuda_graphs, "record", record)
    work = cuda_graphs.Replayed(lambda: calls.append("work"), "cuda")
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            work()
    assert calls == ["work", "record", "work", "work", "work"]
    assert [r.message for r in caplog.records] == [
        "no CUDA graph (operation not permitted when stream is capturing): "
        "operations are launched one by one"
    ]


def test_an_error_of_the_work_itself_is_not_hidden(monkeypatch):
    def work():
        raise RuntimeError("shapes do not fit")

    replayed = cuda_graphs.Replayed(work, "cuda")
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        replayed()
