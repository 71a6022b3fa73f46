"""Rest: which long runs have come to a stable fixed point, and to which.

A run is at rest once it has come into the linear neighbourhood of a stable fixed point and moves
towards it; there it is put at that point and followed no further. That cannot be read off the run:
a cycle may stand still for long, and a slow spiral may turn for long.
"""

import numpy as np
import torch
from torch import Tensor

from memdyn.dynamics.newton_path import follow
from memdyn.dynamics.rows import ROUNDING, rounding_level, start_rows
from memdyn.dynamics.spectrum import eigenvalues, is_stable
from memdyn.dynamics.systems import EulerMap, System

#: A run may be at rest this near to a fixed point, relative to 1 + |x|, ...
NEAR = 1e-2
#: ... if f there is that of the linear flow within this part, and the run came nearer.
LINEAR = 0.1
#: None is looked for where Newton's first step is so many times as long as NEAR.
FAR = 10
#: The run is cut into so many stretches; after each, so many points are tried at most.
STRETCHES, TRIES = 8, 4


class Rests:
    """Which runs have come to rest, and at which stable fixed points.

    ``point`` (rows,) is an index into ``points``, -1 for a run that moves; ``distance`` (rows,) is
    how far from it the run was when it was found to rest.
    """

    def __init__(self, system: System, rows: int):
        self.system = system
        self.stepped = EulerMap(system) if system.is_flow else system
        self.points: list[Tensor] = []
        self.unstable: list[Tensor] = []
        self.decays: list[float] = []  # of the points: part of a distance that a step takes away
        self.point = np.full(rows, -1)
        self.distance = np.zeros(rows)

    def moving(self, x: Tensor) -> Tensor:
        """Indices of the runs that neither rest nor left the finite."""
        moves = torch.as_tensor(self.point < 0, device=x.device)
        return (moves & x.isfinite().all(1)).nonzero()[:, 0]

    def look(self, x: Tensor, before: Tensor, u: Tensor | None, rows: Tensor) -> None:
        """Find those of ``rows`` (indices into x) that rest, having been at ``before`` a stretch
        ago."""
        speed = self.system.drift(x[rows], None if u is None else u[rows]).norm(dim=-1)
        tries = 0
        for i in speed.argsort().tolist():
            row = int(rows[i])
            u_row = None if u is None else u[row : row + 1]
            if not speed[i].isfinite():
                continue
            index = next((k for k, p in enumerate(self.points) if self._near(x[row], p, u_row)), -1)
            if index < 0 and tries < TRIES:
                tries += 1
                index = self._new_point(x[row], u_row)
            if index < 0:
                continue
            point = self.points[index]
            gap, was = float((x[row] - point).norm()), float((before[i] - point).norm())
            if gap < was or gap <= float(rounding_level(point[None])):
                self.point[row], self.distance[row] = index, gap

    def _near(self, x: Tensor, point: Tensor, u: Tensor | None) -> bool:
        """Whether x is in the linear neighbourhood of a fixed point."""
        gap = x - point
        if not gap.norm() <= NEAR * (1 + point.norm()):
            return False
        f = self.system.drift(x[None], u)[0]
        linear = self.system.tangent(point[None], u, gap[None, None])[0, 0]
        linear = linear if self.system.is_flow else linear - gap
        return bool((f - linear).norm() <= LINEAR * f.norm() + rounding_level(point[None]))

    def _new_point(self, x: Tensor, u: Tensor | None) -> int:
        """Index of the fixed point next to x, -1 unless there is one and it is stable."""
        reach = float(NEAR * (1 + x.norm()))
        slope = self.system.drift_jacobian(x[None], u)[0].to(torch.float32)
        step = torch.linalg.solve_ex(slope, -self.system.drift(x[None], u)[0].to(slope))[0]
        if not step.norm() <= FAR * reach:
            return -1
        start = start_rows(self.system, x[None], u)
        found = follow(
            self.system, start, radius=reach, target=1e-3, dtype=torch.float32, iterations=8
        )
        point = found.x[0]
        if not found.is_root[0] or not self._near(x, point, u):
            return -1
        if any((point - p).norm() <= reach / 100 for p in self.unstable):
            return -1
        decay = self._decay(point, u)
        if not decay:
            self.unstable.append(point)
            return -1
        self.points.append(point)
        self.decays.append(decay)
        return len(self.points) - 1

    def _decay(self, point: Tensor, u: Tensor | None) -> float:
        """The part of a distance that a step takes away at a fixed point, 0 if it is not stable."""
        try:
            values = eigenvalues(self.stepped, point[None], u)
        except ValueError:  # no derivative
            return 0.0
        return float(1 - np.abs(values).max()) if is_stable(values, False).all() else 0.0

    def time_constant(self, index: int) -> float:
        """Of the slowest mode at a point, in the unit of ``system.dt``."""
        with np.errstate(divide="ignore"):
            return float(-self.system.dt / np.log1p(-self.decays[index]))

    def bound_for(self, x: Tensor, u: Tensor | None) -> int:
        """Index of the stable point that a moving run x (n,) is bound for, -1 if that is not sure.

        It may still be far away: what is not linear about the step from x is small beside what the
        slowest mode decays by in that step, so that the decay goes on.
        """
        for known in range(len(self.points)):
            if self._is_bound(x, known, u):
                return known
        start = start_rows(self.system, x[None], u)
        reach = float(1 + x.norm())
        found = follow(self.system, start, radius=reach, target=1e-3, dtype=x.dtype, iterations=20)
        if not found.is_root[0]:
            return -1
        decay = self._decay(found.x[0], u)
        if not decay:
            return -1
        self.points.append(found.x[0])
        self.decays.append(decay)
        index = len(self.points) - 1
        return index if self._is_bound(x, index, u) else -1

    def _is_bound(self, x: Tensor, index: int, u: Tensor | None) -> bool:
        point = self.points[index]
        gap = x - point
        step = self.stepped.drift(x[None], u)[0]
        linear = self.stepped.tangent(point[None], u, gap[None, None])[0, 0] - gap
        rest = LINEAR * self.decays[index] * gap.norm() + rounding_level(point[None])[0] / ROUNDING
        return bool((step - linear).norm() <= rest)
