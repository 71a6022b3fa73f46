"""A slice of the campaign of damaged files; ``files.py`` runs more of it."""

import files
import pytest


@pytest.mark.filterwarnings("ignore")
def test_no_damage_gives_other_values_or_a_traceback():
    results = files.campaign(n=200, seed=0)
    bad = [row for row in results if row[2] in ("wrong", "traceback", "unclear")]
    assert not bad, bad[:3]
    tried = {(kind, fault) for kind, fault, *_ in results}
    assert {fault for _, fault in tried} == {*files.FAULTS, files.SISTER}
    # Nearly all of what we write ourselves is refused: what is the same has lost no value.
    ours = [row for row in results if "user" not in row[0] and "MNIST" not in row[0]]
    assert sum(row[2] == "refused" for row in ours) > 0.9 * len(ours)
