"""Steps agree with torch; closed-form Jacobians agree with autodiff and with finite differences."""

import pytest
import torch
from known import StuartLandau, random_rate, rows

from memdyn.dynamics.cells import NONLINEARITIES, LeakyNetwork, RateNetwork, from_torch
from memdyn.dynamics.systems import EulerMap, Flow, Map, RK4Map, autodiff_jacobian

N, M = 7, 3
U = rows(5, M, seed=1)


def weights():
    return {"recurrent": rows(N, N, 2), "input": rows(N, M, 3), "bias": rows(1, N, 4)[0]}


def torch_modules():
    torch.manual_seed(0)
    cells = [torch.nn.RNNCell(M, N), torch.nn.RNNCell(M, N, nonlinearity="relu")]
    cells += [torch.nn.GRUCell(M, N), torch.nn.LSTMCell(M, N), torch.nn.GRUCell(M, N, bias=False)]
    layers = [torch.nn.RNN(M, N), torch.nn.GRU(M, N), torch.nn.LSTM(M, N)]
    return [module.double() for module in cells + layers]


def all_systems():
    for name in NONLINEARITIES:
        yield f"rate-{name}", RateNetwork(**weights(), tau=2.0, nonlinearity=name)
        for inside in (False, True):
            tau = 0.5 + 3 * torch.rand(N, generator=torch.Generator().manual_seed(5)).double()
            cell = LeakyNetwork(**weights(), tau=tau, nonlinearity=name, inside=inside)
            yield f"leaky-{name}-{inside}", cell
    for module in torch_modules():
        yield f"torch-{type(module).__name__}", from_torch(module)
    yield "euler", EulerMap(RateNetwork(**weights()))


@pytest.mark.parametrize(("name", "system"), list(all_systems()))
def test_closed_forms(name, system):
    x = rows(5, system.n_units, seed=6)
    jacobian = system.jacobian(x, U)
    oracle = autodiff_jacobian(system._rule, x, U)
    torch.testing.assert_close(jacobian, oracle, rtol=1e-12, atol=1e-13)

    h = 1e-6
    for j in range(system.n_units):
        e = torch.zeros(system.n_units, dtype=torch.float64)
        e[j] = h
        difference = (system._rule(x + e, U) - system._rule(x - e, U)) / (2 * h)
        torch.testing.assert_close(jacobian[..., j], difference, rtol=1e-6, atol=1e-8)

    torch.testing.assert_close(
        system.root_jacobian(x, U), autodiff_jacobian(system.root, x, U), rtol=1e-12, atol=1e-13
    )
    v = rows(5 * 2, system.n_units, seed=7).view(5, 2, -1)
    expected = torch.einsum("rij,rkj->rki", jacobian, v)
    torch.testing.assert_close(system.tangent(x, U, v), expected, rtol=1e-12, atol=1e-13)
    du = system.input_jacobian(x, U)
    shifted = (system._rule(x, U + h) - system._rule(x, U - h)) / (2 * h)
    torch.testing.assert_close(du.sum(-1), shifted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("module", torch_modules(), ids=lambda m: type(m).__name__)
def test_steps_like_torch(module):
    system = from_torch(module)
    x = rows(5, system.n_units, seed=6)
    state = tuple(x.chunk(2, -1)) if "LSTM" in type(module).__name__ else x
    with torch.no_grad():
        if isinstance(module, torch.nn.RNNBase):
            layered = (
                tuple(s[None].contiguous() for s in state) if type(state) is tuple else x[None]
            )
            _, out = module(U[None], layered)
            out = torch.cat(out, -1)[0] if isinstance(out, tuple) else out[0]
        else:
            out = module(U, state)
            out = torch.cat(out, -1) if isinstance(out, tuple) else out
    torch.testing.assert_close(system.step(x, U), out, rtol=1e-14, atol=1e-14)


def test_adapter_leaves_the_module_alone():
    module = torch.nn.GRUCell(M, N)
    before = {k: v.clone() for k, v in module.state_dict().items()}
    system = from_torch(module).to(torch.float64)
    system.recurrent.zero_()
    assert all(p.requires_grad and p.dtype == torch.float32 for p in module.parameters())
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


def test_rk4_tangent_is_its_derivative():
    system = RK4Map(StuartLandau(4))
    x, eye = rows(3, 4), torch.eye(4).double().expand(3, 4, 4)
    expected = autodiff_jacobian(system.step, x)
    torch.testing.assert_close(system.tangent(x, None, eye).mT, expected, rtol=1e-12, atol=1e-13)


def test_a_batch_steps_like_its_networks():
    batch = RateNetwork(rows(3 * N, N).view(3, N, N), bias=rows(3, N, 1), input=rows(N, M, 2))
    x, u = rows(3 * 4, N, 3).view(3, 4, N), rows(3 * 4, M, 4).view(3, 4, M)
    for b in range(3):
        torch.testing.assert_close(batch.step(x, u)[b], batch[b].step(x[b], u[b]))
        torch.testing.assert_close(batch.jacobian(x, u)[b], batch[b].jacobian(x[b], u[b]))
    v = rows(3 * 4 * 2, N, 5).view(3, 4, 2, N)
    torch.testing.assert_close(batch.tangent(x, u, v)[1], batch[1].tangent(x[1], u[1], v[1]))


def test_noise_on_weights_is_seeded_and_sized():
    network = random_rate(100, 1.0)
    noisy = [network.perturbed(0.1, torch.Generator().manual_seed(s)) for s in (0, 0, 1)]
    change = noisy[0].recurrent - network.recurrent
    assert torch.equal(noisy[0].recurrent, noisy[1].recurrent)
    assert not torch.equal(noisy[0].recurrent, noisy[2].recurrent)
    assert abs(float(change.std() / network.recurrent.std()) - 0.1) < 0.005


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: from_torch(torch.nn.Linear(2, 2)), "not Linear"),
        (lambda: from_torch(torch.nn.LSTM(2, 3, proj_size=2)), "no projection"),
        (lambda: RateNetwork(torch.zeros(3, 4)), "units, units"),
        (lambda: RateNetwork(torch.zeros(3, 3), bias=torch.zeros(4)), "bias has 4 rows"),
        (lambda: RateNetwork(torch.zeros(3, 3), nonlinearity="swish"), "choose one of"),
        (lambda: EulerMap(Map(torch.tanh, 3)), "only a flow"),
    ],
)
def test_bad_systems_get_a_sentence(build, sentence):
    with pytest.raises(ValueError, match=sentence):
        build()


def test_one_network_cannot_be_indexed():
    with pytest.raises(IndexError, match="one network"):
        random_rate(3, 1.0)[0]


def test_user_functions():
    flow = Flow(lambda x, u: -x if u is None else u - x, n_units=2, dt=0.1, n_inputs=2)
    x = rows(3, 2)
    torch.testing.assert_close(flow.step(x), 0.9 * x)
    torch.testing.assert_close(flow.input_jacobian(x), torch.eye(2).double().expand(3, 2, 2))


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: EulerMap(f)], ids=["flow", "map"])
def test_a_users_derivative_is_left_as_it_is(wrap):
    matrix = rows(3, 3)[None]
    before = matrix.clone()
    flow = Flow(lambda x, u: x @ matrix[0].mT, 3, 0.1, derivative=lambda x, u: matrix)
    torch.testing.assert_close(
        wrap(flow).drift_jacobian(rows(1, 3)), (flow.dt if wrap(flow) is not flow else 1) * before
    )
    Map(torch.tanh, 3, derivative=lambda x, u: matrix).drift_jacobian(rows(1, 3))
    assert torch.equal(matrix, before)
