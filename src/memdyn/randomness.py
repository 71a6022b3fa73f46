"""Named, independent random streams: what is drawn for a network follows from its seed alone."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What a stream is for. A number is never reused: changing one changes every network."""

    RECURRENT_MASK = 1
    RECURRENT_WEIGHTS = 2
    FEEDBACK_OUTPUT = 3
    FEEDBACK_MEMORY = 4
    INPUT_WEIGHTS = 5
    INITIAL_STATE = 6
    TRIAL_ORDER = 7
    TRAINING_STIMULI = 8
    TEST_ORDER = 9
    TEST_STIMULI = 10
    PERFORMANCE_STIMULI = 11
    NOISY_STARTS = 12
    DELAY_STIMULI = 13
    NOISE_STIMULI = 14
    INPUT_NOISE = 15
    STATE_NOISE = 16
    # Study 2
    TS_TAU = 21
    TS_RECURRENT = 22
    TS_BIAS = 23
    TS_INPUT = 24
    TS_HEADS = 25
    TS_GATED = 26
    TS_TRAINING = 27
    TS_TESTING = 28
    TS_STIMULATION = 30
    TS_ACCURACY = 31
    TS_PERTURBATION = 32
    TS_RETRAINING = 33


def generator(seed: int, stream: Stream, *index: int) -> np.random.Generator:
    """A generator for one stream of one seed; ``index`` counts within it (trial, repeat, ...)."""
    return np.random.default_rng([seed, int(stream), *index])
