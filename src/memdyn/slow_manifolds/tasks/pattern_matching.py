"""Sequential pattern matching, the task of Ghazizadeh & Ching 2021 (times as in their code).

A trial is stimulus 1, delay 1, stimulus 2, delay 2, response. Each stimulus shows one of k classes;
during it the input at every Euler step is a fresh draw from the latents of that class. The memory
output must hold the mean latent of the class just shown during the delay that follows; the trial
output must give the code of the sum of both classes during the response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memdyn.files import FileProblem, load_arrays
from memdyn.settings import steps

#: Kind and version of the file that holds the latents.
LATENTS_SCHEMA = "latents/1"
#: Of frozen draws: what the authors subtract from a trial's number for its second stimulus.
SHIFT = 0.05


@dataclass(frozen=True)
class SequentialPatternMatching:
    """The task on the grid of Euler steps.

    Attributes:
        latents: one array (n_draws, n_inputs) per class: what its stimuli are drawn from.
        output_code: (2 k - 1,) target of the output for each sum of the two classes.
        n_stimulus, n_delay, n_response: durations (Euler steps).
        frozen: draw in the authors' pseudo-deterministic order.
    """

    latents: tuple[np.ndarray, ...]
    output_code: np.ndarray
    n_stimulus: int
    n_delay: int
    n_response: int
    frozen: bool = False

    @classmethod
    def from_settings(
        cls, task: Mapping, dt: float, latents: Sequence[np.ndarray], draws: str = "fresh"
    ) -> SequentialPatternMatching:
        """Build the task from its configuration section (durations in tau) and the latents.

        ``draws`` is that of the section ``stimuli``: fresh or frozen.
        """
        return cls(
            latents=tuple(np.asarray(points, dtype=np.float64) for points in latents),
            output_code=np.asarray(task["output_code"], dtype=np.float64),
            n_stimulus=steps(task["stimulus"], dt),
            n_delay=steps(task["delay"], dt),
            n_response=steps(task["response"], dt),
            frozen=draws == "frozen",
        )

    @property
    def n_classes(self) -> int:
        return len(self.latents)

    @property
    def n_types(self) -> int:
        """Number of trial types: ordered pairs of classes."""
        return self.n_classes**2

    @property
    def n_steps(self) -> int:
        """Euler steps in a trial."""
        return 2 * (self.n_stimulus + self.n_delay) + self.n_response

    @property
    def epochs(self) -> dict[str, slice]:
        """Euler steps of each epoch, in order."""
        lengths = {
            "stimulus 1": self.n_stimulus,
            "delay 1": self.n_delay,
            "stimulus 2": self.n_stimulus,
            "delay 2": self.n_delay,
            "response": self.n_response,
        }
        ends = np.cumsum(list(lengths.values())).tolist()
        return {
            name: slice(end - length, end)
            for (name, length), end in zip(lengths.items(), ends, strict=True)
        }

    @property
    def class_means(self) -> np.ndarray:
        """(k, n_inputs) memory targets."""
        return np.stack([points.mean(axis=0) for points in self.latents])

    def pair(self, trial_type: int | np.ndarray) -> tuple:
        """First and second class of a trial type (types count the pairs row by row)."""
        return np.divmod(trial_type, self.n_classes)

    def target(self, trial_type: int | np.ndarray) -> np.ndarray:
        """Target of the output for trial types of any shape."""
        first, second = self.pair(trial_type)
        return self.output_code[first + second]

    def draw(
        self,
        trial_type: int | np.ndarray,
        rng: np.random.Generator,
        places: int | None = None,
    ) -> np.ndarray:
        """Draw the inputs of both stimuli.

        Args:
            trial_type: one type or an array (n,) of types.
            rng: source of the draws.
            places: of frozen draws, the seed of the places that all these stimuli pick from their
                lists: the network's, in its training and the test trials that follow. None gives
                each trial places of its own, as the authors' tests do with a seed for each repeat.

        Returns:
            (n, 2, n_stimulus, n_inputs) latents; without the first axis for a single type.
        """
        types = np.atleast_1d(trial_type)
        shown = np.stack(self.pair(types), axis=1)
        if self.frozen:
            drawn = self._draw_frozen(shown, rng, places)
            return drawn if np.ndim(trial_type) else drawn[0]
        picks = rng.random((len(types), 2, self.n_stimulus))
        drawn = np.empty((*picks.shape, self.latents[0].shape[1]))
        for label, points in enumerate(self.latents):
            here = shown == label
            drawn[here] = points[(picks[here] * len(points)).astype(np.int64)]
        return drawn if np.ndim(trial_type) else drawn[0]

    def _draw_frozen(
        self, shown: np.ndarray, rng: np.random.Generator, places: int | None
    ) -> np.ndarray:
        """Latents (n, 2, n_stimulus, n_inputs) for the classes ``shown`` (n, 2)."""
        drawn = np.empty((*shown.shape, self.n_stimulus, self.latents[0].shape[1]))
        for trial, pair in enumerate(shown):
            number = rng.random() / 2  # theirs: one for each trial, below a half
            seed = int(rng.integers(2**32)) if places is None else places
            for stimulus, label in enumerate(pair):
                points = self.latents[label]
                order = hardly_shuffled(len(points), number - SHIFT * stimulus)
                # The authors' generator: places from any other would have other gaps and repeats.
                same = np.random.RandomState(seed)
                picks = same.randint(0, len(points), self.n_stimulus)
                drawn[trial, stimulus] = points[order[picks]]
        return drawn


def hardly_shuffled(n: int, number: float) -> np.ndarray:
    """(n,) places in the order of Python's ``random.shuffle(places, lambda: number)``.

    That is the shuffle of Python 3.8, which took its random numbers from a function; as here all
    are ``number`` (-0.05 to 0.5; a place counts from the end where it is negative), items mostly
    move a little along the list.
    """
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = int(number * (i + 1))
        order[i], order[j] = order[j], order[i]
    return np.array(order)


def trial_order(n_trials: int, n_types: int, rng: np.random.Generator) -> np.ndarray:
    """(n_trials,) trial types, in blocks in which each occurs once, in an order of its own.

    ASSUMPTION: the authors permute the whole list. In blocks, a longer training begins like a
    shorter one of the same seed.
    """
    blocks = [rng.permutation(n_types) for _ in range(-(-n_trials // n_types))]
    return np.concatenate(blocks)[:n_trials]


def load_task(path: Path | str, settings: Mapping, dt: float) -> SequentialPatternMatching:
    """The task with the latents of a stimulus file.

    Args:
        path: written by the rule ``make_stimuli``.
        settings: the ``task`` section of the configuration.
        dt: Euler step (tau).

    Raises:
        FileProblem: missing, truncated, damaged or foreign file, or one of other classes.
    """
    arrays, metadata = load_arrays(path, LATENTS_SCHEMA)
    missing = [label for label in settings["classes"] if f"latents_{label}" not in arrays]
    if missing:
        raise FileProblem(
            f"{path} has no latents of class {missing[0]}: delete it and run its rule again"
        )
    latents = [arrays[f"latents_{label}"] for label in settings["classes"]]
    draws = metadata.get("draws", "fresh")
    return SequentialPatternMatching.from_settings(settings, dt, latents, draws)
