"""The target `benchmarks`: draws what `make bench` has measured, and nothing asks for it."""

from test_dag import copy_repository, planned, snakemake


def test_benchmarks_draw_what_was_measured(tmp_path):
    folder = copy_repository(tmp_path)
    results = folder / "results/benchmarks"
    results.mkdir(parents=True)
    (results / "growth.csv").touch()  # is drawn by a figure of its own
    code, text = snakemake(folder, "--dry-run", "--", "benchmarks")
    assert code != 0 and "Traceback (" not in text
    assert "results/benchmarks holds no measured benchmark: run make bench first" in text
    (results / "updates.csv").touch()
    jobs = planned(folder, "--", "benchmarks")
    assert jobs == {"draw_benchmarks": 1, "benchmarks": 1}
