"""`run.watch` on a model that really trains."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import tracker_core as tracker  # noqa: E402 - where there is no torch, nothing below is of use


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setenv("TRACKER_SILENT", "true")


@pytest.fixture
def run():
    with tracker.init(settings={"console": "off", "system_interval": 0}) as run:
        yield run


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))


def train(model, run, steps, optimizer=None):
    """Returns the gradient norm of each step, as anybody would compute it."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(1)
    norms = []
    for _ in range(steps):
        inputs = torch.randn(8, 4, generator=generator)
        loss = torch.nn.functional.mse_loss(model(inputs), inputs.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters())))
        optimizer.step()
        run.log({"loss": loss.item()})
    return norms


def test_gradients_at_their_steps(run, read):
    model = net()
    run.watch(model, log_freq=5)
    norms = train(model, run, 11)
    found = read(run)
    logged = found.series("gradients/norm")
    assert [step for step, _ in logged] == [0, 4, 9]
    assert [value for _, value in logged] == pytest.approx([norms[0], norms[4], norms[9]], rel=1e-5)
    assert "parameters/norm" not in found.keys
    rows = [row for row in found.rows if "gradients/0.weight" in row]
    assert len(rows) == 3
    assert sum(rows[0]["gradients/0.weight"]["values"]) == 12
    assert [step for step, _ in found.series("loss")] == list(range(11))


def test_parameters(run, read):
    model = net()
    run.watch(model, log="all", log_freq=1)
    train(model, run, 1)
    after = {name: parameter.detach().numpy() for name, parameter in model.named_parameters()}
    found = read(run)
    (row,) = [row for row in found.rows if "parameters/norm" in row]
    assert row["parameters/norm"] == pytest.approx(
        math.sqrt(sum((value**2).sum() for value in after.values())), rel=1e-5
    )
    for name, values in after.items():
        histogram = row[f"parameters/{name}"]
        edges = histogram.get("bins") or [
            histogram["packedBins"]["min"] + i * histogram["packedBins"]["size"] for i in range(65)
        ]
        counts = np.histogram(values, np.asarray(edges))[0]
        assert np.abs(counts - histogram["values"]).sum() <= 2, name  # a value on an edge may fall to either side


def test_several_models_and_optimizers(run, read):
    first, second = net(), net()
    run.watch([first, second], log_freq=1)
    train(first, run, 1)
    train(second, run, 1)
    found = read(run)
    assert [step for step, _ in found.series("gradients/norm")] == [0]
    assert [step for step, _ in found.series("model_1/gradients/norm")] == [1]


def test_an_optimizer_that_computes_its_gradients_in_a_closure(run, read):
    model = net()
    run.watch(model, log_freq=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    norms = []
    for number in range(3):
        inputs = torch.full((2, 4), float(number + 1))

        def closure(inputs=inputs):
            optimizer.zero_grad()
            loss = model(inputs).square().mean()
            loss.backward()
            norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters())))
            return loss

        optimizer.step(closure)
        run.log({"x": number})
    assert [value for _, value in read(run).series("gradients/norm")] == pytest.approx(norms, rel=1e-5)


def test_watching_again_does_not_double_and_unwatch_ends(run, read):
    model = net()
    run.watch(model, log_freq=1)
    run.watch(model, log_freq=1)
    train(model, run, 2)
    run.unwatch(model)
    train(model, run, 2)
    run.watch(model, log_freq=1)
    run.unwatch()
    train(model, run, 2)
    assert len(read(run).series("gradients/norm")) == 2
    assert "model_1/gradients/norm" not in read(run).keys


def test_the_model_stays_as_it_was(run):
    model = net()
    before = {name: dict(vars(module)) for name, module in model.named_modules()}
    run.watch(model, log="all", log_freq=1)
    train(model, run, 1)
    hooks = [module._forward_hooks or module._backward_hooks for module in model.modules()]
    assert not any(hooks)
    assert {name: set(values) for name, values in before.items()} == {
        name: set(vars(module)) for name, module in model.named_modules()
    }
    pickle.loads(pickle.dumps(model))
    copy.deepcopy(model)


def test_numbers_that_are_not_finite(run, read):
    model = net()
    run.watch(model, log_freq=1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, math.nan)
    optimizer.step()
    run.log({"x": 1.0})
    found = read(run)
    assert math.isnan(found.series("gradients/norm")[0][1])
    assert "gradients/0.weight" not in found.keys


def test_the_graph(run, read):
    run.watch(net(), log=None, log_graph=True)
    run.log({"x": 1.0})
    (row,) = [row for row in read(run).rows if "graph" in row]
    assert row["graph"]["nodes"] == 4


@pytest.mark.parametrize(
    ("arguments", "error"), [({"log": "some"}, tracker.UsageError), ({"log_freq": 0}, tracker.UsageError)]
)
def test_wrong_use(run, arguments, error):
    with pytest.raises(error):
        run.watch(net(), **arguments)
    for wrong in (3, "model", [net(), 3], []):
        with pytest.raises((TypeError, tracker.UsageError)):
            run.watch(wrong)


def test_after_the_end_nothing_is_attached(read):
    model = net()
    with tracker.init(settings={"console": "off"}) as run:
        tracker.watch(model, log_freq=1)
        train(model, run, 1)
    with tracker.init(settings={"console": "off"}) as other:
        train(model, other, 1)
    assert "gradients/norm" in read(run).keys
    assert "gradients/norm" not in read(other).keys
