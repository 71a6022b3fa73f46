"""A slice of the campaign of kills; ``kills.py`` runs more of it."""

import random

import kills


def test_killed_retraining_ends_with_the_same_table(tmp_path):
    found = kills.campaign("retraining", 2, random.Random(0), tmp_path)
    assert found.kills == 2 and found.ends
    assert not found.wrong
