"""The targets for one network: of study 1 by its name, and from outside."""

from test_dag import ROOT, copy_repository, planned, snakemake

NAME = "gauss_pg0.4_g1.2_fb5_seed0"
MINE = """external:
  - {name: mine, file: pyproject.toml, cell: gru, n_units: 4, n_inputs: 1, states: {n: 2, sd: 1.0}}
  - {name: other, file: pyproject.toml, cell: gru, n_units: 4, n_inputs: 1, states: {n: 2, sd: 1.0}}
"""


def test_a_page_needs_only_the_shard_of_its_network():
    jobs = planned(ROOT, "--forceall", "--config", f"network={NAME}", "--", "landscape")
    assert jobs["train_networks"] == jobs["find_fixed_points"] == jobs["vote_mechanisms"] == 1
    assert jobs["trace_network"] == jobs["draw_network"] == 1
    assert not jobs.keys() & {"collect_networks", "extend_delays", "trace_landscapes"}


def test_a_network_that_nobody_has_is_refused():
    code, text = snakemake(ROOT, "-n", "--config", f"network={NAME[:-1]}7", "--", "landscape")
    assert code != 0 and "Traceback (" not in text
    said = text.partition(f"is called '{NAME[:-1]}7' at this scale; the nearest names are ")[2]
    assert NAME in said.splitlines()[0]
    code, text = snakemake(ROOT, "-n", "--", "landscape")
    assert code != 0 and "name a network: snakemake --config network=" in text


def test_networks_from_outside_get_tables_and_figures(tmp_path):
    mine = tmp_path / "mine.yaml"
    (tmp_path / "mine.npz").touch()
    mine.write_text(MINE.replace("pyproject.toml", str(tmp_path / "mine.npz")))
    arguments = ("--forceall", "--configfile", str(mine))
    jobs = planned(ROOT, *arguments, "--", "external")
    wanted = {"analyse_external": 2, "draw_external": 2, "collect_external": 1}
    assert wanted.items() <= jobs.items() and "train_networks" not in jobs
    jobs = planned(ROOT, *arguments, "--config", "network=mine", "--", "landscape")
    assert jobs["draw_external"] == 1 and "train_networks" not in jobs
    code, text = snakemake(ROOT, "-n", "--", "external")
    assert code != 0 and "the list 'external' in the configuration is empty" in text
    mine.write_text(mine.read_text().replace("other", "mine"))
    code, text = snakemake(ROOT, "-n", "--configfile", str(mine))
    assert code != 0 and "two networks have the same name" in text


def test_a_run_that_does_not_fit_ends_before_its_first_job(tmp_path):
    """In a copy whose disk is said to be full: one sentence, no job, no output."""
    copy_repository(tmp_path)
    rules = tmp_path / "workflow/rules/common.smk"
    rules.write_text(rules.read_text().replace("shutil.disk_usage(os.getcwd()).free", "10**6"))
    code, text = snakemake(tmp_path, "--", "timescales")
    assert code != 0 and "this run writes about" in text and "GB are free" in text
    assert "Traceback (" not in text
    assert not (tmp_path / "results/quick/timescales").exists()
