"""The benchmark of FORCE: its reference computes what ours does, and it runs."""

import bench_force as bench
import numpy as np


def test_the_reference_is_the_same_training():
    _, _, state, yielded = bench.compare(50, 3, 2, precision="float64")
    readout, x = yielded[-1]
    np.testing.assert_allclose(state.readout[1].numpy(), readout, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(state.x[1].numpy(), x, rtol=1e-6, atol=1e-9)


def test_it_prints_a_line(capsys):
    bench.main(["--small", "--trials", "2"])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("force: FORCE of networks that share J") and "ratio" in line
