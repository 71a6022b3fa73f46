"""A slice of the campaign of wrong configurations; ``configs.py`` runs all of it."""

import configs
import pytest
import yaml

from memdyn.config import ConfigError, resolve

#: Of each kind, so many at random.
EACH = 6
SCHEMA = configs.SCHEMA
CONFIG = {**yaml.safe_load((configs.ROOT / "config.yaml").read_text()), "scale": "quick"}
MUTANTS = list(configs.mutants(CONFIG, yaml.safe_load(SCHEMA.read_text())))
KINDS = sorted({mutant.kind for mutant in MUTANTS})


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_configurations_are_refused_in_one_sentence(kind):
    own = [mutant for mutant in MUTANTS if mutant.kind == kind]
    for mutant in own[:: max(1, len(own) // EACH)]:
        what, sentence = configs.outcome(mutant)
        assert what == "refused", (mutant.change, what, sentence)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("../../x", "no name of a file"),
        ("a\n", "without a sign|no name"),
        ("", "no name of a file"),
    ],
)
def test_scales_stay_in_their_folder(value, words):
    config = {**CONFIG, "scale": value, "scales": {**CONFIG["scales"], value: {}}}
    with pytest.raises(ConfigError, match=words):
        resolve(config, SCHEMA)
