"""Configuration: what is refused, and with what sentence."""

from pathlib import Path

import pytest

from memdyn.config import merge, resolve
from memdyn.settings import ConfigError, extra_delays, steps
from memdyn.timescales.conditions import condition_of
from memdyn.timescales.grid import networks

SCHEMA = Path(__file__).parents[1] / "workflow/schemas/config.schema.yaml"


def changed(config, path, value):
    """The configuration with one key of study 1 (or of the top level) set in the base values."""
    *folders, key = path.split(".")
    place = config
    for folder in folders:
        place = place[folder]
    place[key] = value
    return config


def refuse(config, *words):
    with pytest.raises(ConfigError) as problem:
        resolve(config, SCHEMA)
    sentence = str(problem.value)
    assert "\n" not in sentence and sentence.endswith(".")
    for word in words:
        assert word in sentence, sentence


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_each_scale_resolves(config, scale):
    resolved = resolve({**config, "scale": scale}, SCHEMA)
    assert resolved["slow_manifolds"]["network"]["dt"] == 0.1


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_each_scale_has_stimuli_equal_everywhere_and_noise_without_a_mean(config, scale):
    study = resolve({**config, "scale": scale}, SCHEMA)["slow_manifolds"]
    assert (study["stimuli"]["source"], study["stimuli"]["draws"]) == ("shipped", "fresh")
    assert {"uniform", "gaussian"} <= set(study["noise"]["kinds"])


def test_paper_scale_is_the_papers(config):
    study = resolve({**config, "scale": "paper"}, SCHEMA)["slow_manifolds"]
    grid = study["grid"]
    sizes = [len(grid[name]) for name in ("g", "pg", "fb", "seed", "distribution")]
    assert sizes == [7, 4, 6, 4, 2]
    assert study["network"]["n_units"] == 1000
    assert study["training"]["n_trials"] == 3500
    assert study["training"]["stop_after"] == 0


def test_a_scale_of_ones_own(config):
    config["scales"]["mine"] = {"slow_manifolds": {"network": {"n_units": 77}}}
    resolved = resolve({**config, "scale": "mine"}, SCHEMA)
    assert resolved["slow_manifolds"]["network"]["n_units"] == 77


def test_unknown_scale(config):
    refuse({**config, "scale": "huge"}, "'huge'", "quick, standard, paper")


def test_unknown_key_in_the_base(config):
    refuse(
        changed(config, "slow_manifolds.network.n_unit", 5), "'n_unit'", "slow_manifolds.network"
    )


def test_unknown_key_in_a_scale(config):
    config["scales"]["quick"]["slow_manifolds"]["trainign"] = {}
    refuse(config, "'trainign'", "scales.quick.slow_manifolds")


def test_unknown_key_at_the_top(config):
    refuse({**config, "scael": "quick"}, "'scael'", "top level")


def test_missing_key(config):
    del config["slow_manifolds"]["task"]["delay"]
    refuse(config, "missing key 'delay'", "slow_manifolds.task")


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("slow_manifolds.network.n_units", 0, "n_units"),
        ("slow_manifolds.network.n_units", "many", "n_units"),
        ("slow_manifolds.grid.g", [], "grid.g"),
        ("slow_manifolds.grid.pg", [1.5], "grid.pg"),
        ("slow_manifolds.grid.seed", [0, 0], "grid.seed"),
        ("slow_manifolds.task.delay", 5.05, "task.delay"),
        ("bridge.slowness.conditions", ["parity_singel"], "bridge.slowness.conditions"),
        ("bridge.slowness.steps", 40, "bridge.slowness.steps"),
        ("bridge.forgetting.sample", 0.25, "bridge.forgetting.sample"),
        ("bridge.forgetting.sample", 0.01, "bridge.forgetting.sample"),
        ("bridge.forgetting.lags", 800, "bridge.forgetting.trials"),
        ("slow_manifolds.task.output_code", [1.0, 0.5], "output_code"),
        ("slow_manifolds.task.classes", [0], "classes"),
        ("slow_manifolds.training.precision", "float16", "precision"),
        ("slow_manifolds.training.update_every", 60, "update_every"),
        ("slow_manifolds.network.dt", 2.0, "network.dt"),
        ("slow_manifolds.performance.n_test_trials", 3, "n_test_trials"),
        ("slow_manifolds.grid.networks_per_shard", 43, "networks_per_shard"),
        ("slow_manifolds.attractors.window", 60, "attractors.window"),
        ("slow_manifolds.attractors.memory_length", 60, "attractors.memory_length"),
        ("slow_manifolds.delays.extra", {"start": 5.0, "stop": 1.0, "step": 1.0}, "extra.stop"),
        ("slow_manifolds.delays.extra", {"start": 1.0, "stop": 2.0, "step": 0.07}, "extra.step"),
        ("slow_manifolds.stimuli.source", "cifar", "stimuli.source"),
        ("slow_manifolds.stimuli.draws", "thawed", "stimuli.draws"),
    ],
)
def test_impossible_values_are_named(config, path, value, word):
    config["scale"] = "paper"
    refuse(changed(config, path, value), word)


def test_gaussian_source_has_two_classes(config):
    config["slow_manifolds"]["stimuli"]["source"] = "gaussian"
    config["slow_manifolds"]["task"]["classes"] = [0, 1, 2]
    config["slow_manifolds"]["task"]["output_code"] = [1, 2, 3, 4, 5]
    refuse(config, "stimuli.source")


def test_shipped_latents_are_one_per_image(config):
    config["slow_manifolds"]["stimuli"]["samples_per_image"] = 3
    refuse(config, "stimuli.samples_per_image")
    config["slow_manifolds"]["stimuli"]["source"] = "digits"
    assert resolve(config, SCHEMA)["slow_manifolds"]["stimuli"]["samples_per_image"] == 3


def test_merge_replaces_leaves_only():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 2}
    assert merge(base, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}, "d": 2}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 2}


def test_extra_delays_include_both_ends():
    delays = extra_delays({"extra": {"start": 1.0, "stop": 199.5, "step": 0.5}})
    assert (delays[0], delays[-1], len(delays)) == (1.0, 199.5, 398)
    assert steps(199.5, 0.1) == 1995


@pytest.mark.parametrize("scale", ["quick", "standard", "paper"])
def test_each_condition_of_each_scale_can_be_put_together(config, scale):
    study = resolve({**config, "scale": scale}, SCHEMA)["timescales"]
    for network in networks(study):
        condition = condition_of(network, study)
        assert condition.curriculum.n_heads >= 1
        assert condition.cell.fixed_tau == network.fixed_tau
        assert condition.cell.signed == (network.cell in ("gru", "lstm"))
        assert condition.cell.scale_tau == ("continuous" in network.condition)


def test_paper_scale_is_study_2s(config):
    study = resolve({**config, "scale": "paper"}, SCHEMA)["timescales"]
    leaky = study["training"]["leaky"]
    assert study["network"] == {"n_units": 500, "initial_tau": [1.0, 2.0]}
    assert (leaky["learning_rate"], leaky["momentum"], leaky["clip"]) == (0.05, 0.1, 2.0)
    assert (leaky["batch_size"], leaky["updates_per_epoch"]) == (256, 600)
    assert (leaky["max_epochs"], study["max_N"], len(study["seed"])) == (1000, 101, 4)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("conditions.parity_multi.curriculum", "spiral", ("parity_multi.curriculum", "'spiral'")),
        ("conditions.parity_multi.task", "xor", ("parity_multi.task", "'xor'")),
        ("conditions.parity_none.N", [], ("parity_none.N",)),
        ("conditions.parity_sliding.heads", 3, ("window of 3", "step of 5")),
        ("conditions.parity_single_tau2.fixed_tau", 0.5, ("parity_single_tau2.fixed_tau", "1")),
        ("conditions.parity_single.heads", 3, ("parity_single.heads", "one head")),
        ("conditions.parity_single.N", [3], ("parity_single.N", "without a curriculum")),
        ("conditions.gru_multi.fixed_tau", 2, ("gru_multi.fixed_tau", "'gru'")),
        ("conditions.parity_multi.heds", 2, ("'heds'", "parity_multi")),
        ("run", ["parity_singel"], ("timescales.run", "'parity_singel'")),
        ("memory.conditions", ["nothing"], ("memory.conditions", "'nothing'")),
        ("network.initial_tau", [2.0, 1.0], ("initial_tau",)),
        ("ablation.n_ablated", 400, ("ablation.n_ablated",)),
        ("perturbation.N", [2000], ("accuracy.steps", "N = 2000 of perturbation")),
        ("retraining.to", [3], ("retraining.to",)),
        ("seed", [], ("timescales.seed",)),
    ],
)
def test_impossible_settings_of_study_2(config, path, value, words):
    *folders, key = path.split(".")
    place = config["timescales"]
    for folder in folders:
        place = place[folder]
    place[key] = value
    refuse({**config, "scale": "paper"}, *words)


def test_a_scale_can_change_add_and_leave_out_conditions(config):
    config["scales"]["mine"] = {
        "timescales": {
            "conditions": {
                "parity_multi": {"seed": [7]},
                "mine_2": {"task": "dms", "curriculum": "none", "N": [4, 6]},
            },
            "run": ["parity_multi", "mine_2"],
            "seed": [0, 1],
        }
    }
    study = resolve({**config, "scale": "mine"}, SCHEMA)["timescales"]
    assert [network.name for network in networks(study)] == [
        *("parity_multi_s7", "mine_2_N4_s0", "mine_2_N4_s1", "mine_2_N6_s0", "mine_2_N6_s1"),
    ]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("slow_manifolds.grid.pg", [0.4, 0.4000001], ("grid.pg", "same name", "'0.4'")),
        ("slow_manifolds.task.stimulus", 1e-9, ("task.stimulus", "shorter than a step")),
        ("slow_manifolds.training.n_trials", 300.0, ("training.n_trials", "300.0")),
        ("slow_manifolds.training.alpha", float("nan"), ("training.alpha", "finite")),
        ("slow_manifolds.training.alpha", float("inf"), ("training.alpha", "finite")),
        ("slow_manifolds.training.n_trials", 10**12, ("training.n_trials", "1e+12")),
        ("slow_manifolds.delays.extra.step", 1e-9, ("extra.step", "shorter than a step")),
        ("slow_manifolds.dynamics.n_exponents", 1001, ("n_exponents", "n_units")),
        ("timescales.max_N", 1, ("timescales.max_N", "start_N")),
        ("timescales.retraining.N_from", 102, ("retraining.N_from", "101")),
        ("timescales.stimulation.steps", 200, ("stimulation.steps", "lags")),
    ],
)
def test_what_cannot_be_is_refused_before_any_job(config, path, value, words):
    if "N_from" in path:
        config["timescales"]["retraining"]["to"] = [103]
    refuse({**changed(config, path, value), "scale": "paper"}, *words)


def test_a_condition_called_like_anothers_network_is_refused(config):
    conditions = config["timescales"]["conditions"]
    conditions["parity_none_N5"] = {"task": "parity", "curriculum": "single"}
    config["timescales"]["run"] = ["parity_none", "parity_none_N5"]
    refuse({**config, "scale": "paper"}, "same name", "'parity_none_N5_s0'")


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "collect"},
        {"delay": 0.01},
        {"input": [1.0]},
        {"cell": "gru"},
        {"dt": 1.0},
        {"file": "a.pkl"},
        {"states": {"n": 10**9, "sd": 1.0}},
    ],
)
def test_impossible_networks_from_outside(config, entry):
    whole = {"name": "mine", "file": "a.npz", "cell": "rate", "n_units": 5, "n_inputs": 2}
    whole |= {"states": {"n": 2, "sd": 1.0}, "dt": 0.1}
    resolve({**config, "external": [whole]}, SCHEMA)
    refuse({**config, "external": [whole | entry]}, "'external")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([{"pg": [0.4000001]}], ("grid.pg", "the same name")),
        ([{"g": [0.8000001]}, {"fb": [1]}], ("grid.g", "the same name")),
        ([{"seed": list(range(10_000))}], ("grid'", "networks are more than")),
        ([{"stimuli": "faces"}], ("grid.also'", "'faces' is not one of", "gaussian, frozen")),
    ],
)
def test_further_products_are_checked_with_the_grid(config, more, words):
    config["slow_manifolds"]["grid"]["also"] = more
    refuse({**config, "scale": "paper"}, *words)
