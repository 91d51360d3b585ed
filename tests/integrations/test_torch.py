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


class TestUnusualTensors:
    """What has no plain numbers is left out or read for what it holds; the training is as without a watch."""

    def watched(self, run, read, model, options, steps=2):
        run.watch(model, log_freq=1, **options)
        optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
        for _ in range(steps):
            loss = sum(p.abs().sum() for p in model.used.parameters())
            loss.backward()
            optimizer.step()
            run.log({"loss": loss.item()})
        return read(run)

    def model(self, **parameters):
        model = torch.nn.Module()
        model.used = net()
        for name, value in parameters.items():
            setattr(model, name, value)
        return model

    @pytest.mark.parametrize("options", [{"log": "all", "log_graph": True}, {"log": "parameters"}, {"log": None}])
    def test_lazy_modules_and_the_meta_device(self, options, run, read, caplog):
        model = self.model(lazy=torch.nn.LazyLinear(3), empty=torch.nn.Linear(2, 2, device="meta"))
        run.watch(model, log_freq=1, **options)
        optimizer = torch.optim.SGD(model.used.parameters(), lr=0.1)
        sum(p.sum() for p in model.used.parameters()).backward()
        optimizer.step()
        run.log({"loss": 1.0})
        model.lazy(torch.ones(1, 5))
        optimizer.step()
        run.log({"loss": 2.0})
        rows = [row for row in read(run).rows if "parameters/norm" in row]
        if options["log"] is not None:
            assert "parameters/lazy.weight" not in rows[0]
            assert "parameters/lazy.weight" in rows[1]
            assert not any("empty" in key for row in rows for key in row)
        assert not [record for record in caplog.records if record.name == "tracker"]

    @pytest.mark.filterwarnings("ignore:Sparse CSR tensor support:UserWarning")
    def test_complex_sparse_half_and_frozen_parameters(self, run, read, caplog):
        frozen = torch.nn.Parameter(torch.full((3,), 2.0), requires_grad=False)
        model = self.model(
            complex=torch.nn.Parameter(torch.tensor([3 + 4j])),
            sparse=torch.nn.Parameter(torch.eye(3).to_sparse(), requires_grad=False),
            rows=torch.nn.Parameter(torch.eye(3).to_sparse_csr(), requires_grad=False),
            short=torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16)),
            whole=torch.nn.Parameter(torch.arange(3), requires_grad=False),
            frozen=frozen,
            shared=frozen,
            none=torch.nn.Parameter(torch.empty(0)),
        )
        found = self.watched(run, read, model, {"log": "all"})
        names = {key.partition("/")[2] for key in found.keys if key.startswith("parameters/")}
        assert {"complex", "sparse", "rows", "short", "whole", "frozen"} <= names
        assert not {"shared", "none"} & names
        assert not [record for record in caplog.records if record.name == "tracker"]

    def test_tensor_that_fails_leaves_the_others(self, run, read, caplog):
        class Broken(torch.Tensor):
            @classmethod
            def __torch_function__(cls, function, types, args=(), kwargs=None):
                if function.__name__ in ("flatten", "float"):
                    raise RuntimeError("no numbers here")
                return super().__torch_function__(function, types, args, kwargs or {})

        model = self.model(broken=torch.nn.Parameter(torch.ones(2).as_subclass(Broken), requires_grad=False))
        found = self.watched(run, read, model, {"log": "all"})
        assert len(found.series("parameters/norm")) == 2
        assert "parameters/used.0.weight" in found.keys
        assert caplog.text.count("no numbers here") == 1

    def test_large_equal_and_infinite_numbers(self, run, read, caplog):
        values = {"large": [1e30, 1e30], "infinite": [float("inf"), float("nan")], "apart": [-3e38, 3e38]}
        model = self.model(**{name: torch.nn.Parameter(torch.tensor(each)) for name, each in values.items()})
        found = self.watched(run, read, model, {"log": "parameters"})
        assert "parameters/large" in found.keys
        assert len(found.series("loss")) == 2

    def test_run_that_is_finished_while_it_is_watched(self, run, read, caplog):
        model = net()
        run.watch(model, log_freq=1)
        norms = train(model, run, 1)
        run.finish()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        model(torch.ones(1, 4)).sum().backward()
        optimizer.step()
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


def test_each_of_several_models_keeps_its_names(run, read):
    first, second, third = net(), net(), net()
    run.watch([first, second], log_freq=1)
    run.unwatch(first)
    run.watch(third, log_freq=1)  # takes the names that are free
    run.watch(second, log="parameters", log_freq=1)
    train(second, run, 1)
    assert {"model_1/parameters/norm"} == {key for key in read(run).keys if key.endswith("/norm")}
    train(third, run, 1)
    assert {"gradients/norm", "model_1/parameters/norm"} == {key for key in read(run).keys if key.endswith("/norm")}


def test_compiled_wrapped_shared_and_frozen(run, read):
    shared = torch.nn.Linear(4, 4)
    model = torch.nn.Sequential(torch.nn.Linear(4, 4).requires_grad_(requires_grad=False), shared, shared)
    run.watch(torch.compile(torch.nn.DataParallel(model), backend="eager"), log="all", log_freq=1)
    optimizer = torch.optim.SGD(shared.parameters(), lr=0.1)
    model(torch.randn(2, 4)).sum().backward()
    optimizer.step()
    run.log({"x": 1})
    found = {key for key in read(run).keys if key != "x"}
    assert found == {
        *(f"gradients/{name}" for name in ("norm", "module.1.weight", "module.1.bias")),
        *(f"parameters/{name}" for name in ("norm", "module.1.weight", "module.1.bias")),
        *(f"parameters/module.0.{name}" for name in ("weight", "bias")),
    }


def test_complex_and_sparse_gradients(run, read):
    model = torch.nn.Linear(2, 2, dtype=torch.complex64)
    words = torch.nn.Embedding(10, 3, sparse=True)
    run.watch([model, words], log_freq=1)
    model(torch.randn(1, 2, dtype=torch.complex64)).abs().sum().backward()
    words(torch.tensor([1, 2])).sum().backward()
    torch.optim.SGD([*model.parameters(), *words.parameters()], lr=0.1).step()
    run.log({"x": 1})
    norm = math.sqrt(sum(float(parameter.grad.abs().square().sum()) for parameter in model.parameters()))
    assert read(run).series("gradients/norm")[0][1] == pytest.approx(norm, rel=1e-5)
    assert read(run).series("model_1/gradients/norm")[0][1] == pytest.approx(math.sqrt(6))


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


class TestMagic:
    """`magic={"torch": ...}` on loops that say nothing to the tracker."""

    @pytest.fixture
    def run(self):
        with magic({"log_freq": 3}) as run:
            yield run

    def test_rates_and_norms_at_the_optimizers_steps(self, run, read):
        model = net()
        head, tail = model[0].parameters(), model[2].parameters()
        optimizer = torch.optim.SGD([{"params": head, "lr": 0.1}, {"params": tail, "name": "tail"}], lr=0.2)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        norms, rates = [], []
        for _ in range(8):
            rates.append([group["lr"] for group in optimizer.param_groups])
            norms.append(step(model, optimizer))
            scheduler.step()
        run.finish()
        found = read(run)
        assert found.series("optimizer/gradient_norm") == near([(n, norms[n - 1]) for n in (1, 4, 7)])
        assert found.series("optimizer/lr/0") == [(n, rates[n - 1][0]) for n in (1, 4, 7)]
        assert found.series("optimizer/lr/tail") == [(n, rates[n - 1][1]) for n in (1, 4, 7)]
        assert [n for n, speed in found.series("optimizer/steps_per_second") if speed > 0] == [4, 7]
        assert found.summary["optimizer/steps"] == 8
        told = found.config["optimizer"]
        assert (told["class"], told["lr"], told["parameters"]) == ("SGD", 0.2, 19)
        assert run.step == 0

    def test_steps_of_a_resumed_run_continue(self, read):
        norms = []
        for _ in range(2):
            with tracker.init(
                id="again", resume="allow", magic={"torch": {"log_freq": 1}}, settings={"silent": True}
            ) as run:
                model = net()
                optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
                norms += [step(model, optimizer) for _ in range(3)]
        found = read(run)
        assert found.series("optimizer/gradient_norm") == near(list(enumerate(norms, 1)))
        assert found.summary["optimizer/steps"] == 6

    def test_several_optimizers_and_samples(self, read):
        with magic({"log_freq": 1, "batch_size": 8}) as run:
            one, two = net(), net()
            optimizers = [torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.Adam(two.parameters(), lr=0.2)]
            norms = [[step(model, each) for model, each in zip((one, two), optimizers, strict=True)] for _ in range(3)]
        found = read(run)
        for name, each in (("optimizer", 0), ("optimizer_1", 1)):
            assert found.series(f"{name}/gradient_norm") == near([(n + 1, norms[n][each]) for n in range(3)])
            speeds, samples = (dict(found.series(f"{name}/{what}_per_second")) for what in ("steps", "samples"))
            assert samples == pytest.approx({n: 8 * speed for n, speed in speeds.items()})
        assert found.config["optimizer_1"]["class"] == "Adam"

    def test_unscaled_clipped_and_accumulated_gradients(self, run, read):
        model = net()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
        norms = []
        for _ in range(4):
            for _ in range(2):
                scaler.scale(model(torch.ones(8, 4)).square().mean()).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            norms.append(norm(model))
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
        run.finish()
        assert read(run).series("optimizer/gradient_norm") == near([(1, norms[0]), (4, norms[3])])

    def test_gradients_of_a_closure_and_sparse_ones(self, read):
        with magic({"log_freq": 1}) as run:
            table = torch.nn.Embedding(5, 2, sparse=True)
            optimizer = torch.optim.SGD(table.parameters(), lr=0.1)

            def closure():
                optimizer.zero_grad()
                loss = table(torch.tensor([1, 1, 3])).sum()
                loss.backward()
                return loss

            optimizer.step(closure)
        # The row that is looked up twice has gradient 2 in both columns, the other 1.
        assert read(run).series("optimizer/gradient_norm") == near([(1, math.sqrt(2 * 4 + 2 * 1))])

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    @pytest.mark.parametrize("whole", [False, True])
    def test_compiled(self, whole, run, read):
        model, plain = net(), net()
        optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in (model, plain)]
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        update = torch.compile(optimizers[0].step, backend="eager") if whole else optimizers[0].step
        for _ in range(4):
            for forward, optimizer, do in ((compiled, optimizers[0], update), (plain, *optimizers[1:], None)):
                optimizer.zero_grad()
                forward(torch.ones(8, 4)).square().mean().backward()
                (do or optimizer.step)()
        assert all(map(torch.equal, model.parameters(), plain.parameters()))
        run.finish()
        names = {"optimizer"} if whole else {"optimizer", "optimizer_1"}  # a step compiled as a whole is not seen
        assert set(read(run).config) == names

    def test_loss_is_what_the_gradients_of_the_step_are_of(self, read):
        with magic({"log_freq": 1}) as run:
            model = net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            told = []
            for size in (1, 3, 2):  # batches of one step
                losses = [model(torch.randn(8, 4)).square().mean() / size for _ in range(size)]
                for loss in losses:
                    loss.backward()
                told.append(sum(loss.item() for loss in losses))
                optimizer.step()
                optimizer.zero_grad()
            model(torch.ones(1, 4)).backward(torch.ones(1, 1))
            told.append(model(torch.ones(1, 4)).item())
            optimizer.step()
            torch.autograd.backward(model(torch.ones(1, 4)).sum())  # not seen
            optimizer.step()
        found = read(run)
        assert found.series("optimizer/loss") == near([(n + 1, loss) for n, loss in enumerate(told)])
        assert found.summary["optimizer/steps"] == len(told) + 1

    def test_loss_of_two_optimizers_of_one_and_of_one_each(self, read):
        with magic({"log_freq": 1}) as run:
            optimizers = [torch.optim.SGD(net().parameters(), lr=0.1) for _ in range(2)]
            weight = torch.ones((), requires_grad=True)
            (2 * weight).backward()
            for optimizer in optimizers:
                optimizer.step()
            for loss, optimizer in zip((3 * weight, 4 * weight), optimizers, strict=True):
                loss.backward()
                optimizer.step()
        found = read(run)
        assert found.series("optimizer/loss") == [(1, 2.0), (2, 3.0)]
        assert found.series("optimizer_1/loss") == [(1, 2.0), (2, 4.0)]

    def test_loss_before_the_scaler_and_after_steps_that_it_left_out(self, read):
        with magic({"log_freq": 1}) as run:
            weight = torch.ones((), requires_grad=True)
            optimizer = torch.optim.SGD([weight], lr=0.0)
            scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
            for factor in (2.0, float("inf"), 3.0):
                optimizer.zero_grad()
                scaler.scale(factor * weight).backward()
                scaler.step(optimizer)
                scaler.update()
        assert read(run).series("optimizer/loss") == [(1, 2.0), (2, 3.0)]

    def test_loss_of_a_closure_is_the_last_one(self, read):
        with magic({"log_freq": 1}) as run:
            weight = torch.full((), 5.0, requires_grad=True)
            optimizer = torch.optim.LBFGS([weight], max_iter=4)
            losses = []

            def closure():
                optimizer.zero_grad()
                loss = (weight - 1).square()
                loss.backward()
                losses.append(loss.item())
                return loss

            for _ in range(2):
                optimizer.step(closure)
                losses.append(None)
        assert len(losses) > 4
        last = [losses[at - 1] for at, loss in enumerate(losses) if loss is None]
        assert read(run).series("optimizer/loss") == near([(n + 1, loss) for n, loss in enumerate(last)])

    @pytest.mark.filterwarnings("ignore")  # torch's own
    def test_step_compiled_with_its_backward_has_the_graphs_that_it_had(self):
        graphs = []

        def backend(graph, _):
            graphs.append(len(graph.graph.nodes))
            return graph.forward

        def trained():
            graphs.clear()
            torch._dynamo.reset()
            torch.manual_seed(0)
            model = net()
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

            def train(inputs):
                optimizer.zero_grad()
                loss = model(inputs).square().mean()
                loss.backward()
                optimizer.step()
                return loss

            compiled = torch.compile(train, backend=backend)
            return [compiled(torch.ones(8, 4) * number).item() for number in range(4)], list(graphs)

        before = trained()
        with magic({"log_freq": 1}):
            assert trained() == before

    def test_it_must_be_asked_for_and_is_undone(self, read):
        from torch.optim import optimizer

        before = dict(optimizer._global_optimizer_post_hooks)
        backward = torch.Tensor.backward
        for value in (True, {"torch": False}):
            with tracker.init(magic=value, settings={"console": "off"}) as run:
                step(net(), torch.optim.SGD(net().parameters(), lr=0.1))
            assert read(run).keys == []
        with magic(True) as run:
            assert len(optimizer._global_optimizer_post_hooks) == len(before) + 1
            (part,) = [part for part in run.magic if part.module == "torch"]
            assert (part.state, part.functions[:2]) == (
                "attached",
                ("torch.optim.Optimizer.step", "torch.Tensor.backward"),
            )
        assert dict(optimizer._global_optimizer_post_hooks) == before
        assert torch.Tensor.backward is backward

    def test_failing_run_is_unseen(self, monkeypatch, caplog):
        def fail(*_, **__):
            raise OSError("the disk is full")

        with magic({"log_freq": 1}) as run:
            monkeypatch.setattr(type(run), "row", fail)
            assert step(net(), torch.optim.SGD(net().parameters(), lr=0.1)) > 0
        assert "the disk is full" in caplog.text


def magic(value):
    return tracker.init(magic={"torch": value}, settings={"console": "off", "system_interval": 0})


def norm(model):
    return math.sqrt(sum(float(parameter.grad.square().sum()) for parameter in model.parameters()))


def step(model, optimizer):
    """Returns the norm of the gradients that the step used."""
    optimizer.zero_grad()
    inputs = torch.ones(8, 4)
    torch.nn.functional.mse_loss(model(inputs), inputs.sum(1, keepdim=True)).backward()
    optimizer.step()
    return norm(model)


def near(points):
    return [(at, pytest.approx(value, rel=1e-5)) for at, value in points]


def test_steps_of_a_resumed_run_continue(read):
    for resume in (None, "must"):
        with tracker.init(id="long", resume=resume, magic={"torch": {"log_freq": 2}}) as run:
            weight = torch.nn.Parameter(torch.ones(2))
            optimizer = torch.optim.SGD([weight], lr=0.1)
            for _ in range(4):
                weight.sum().backward()
                optimizer.step()
    assert [step for step, _ in read(run).series("optimizer/lr")] == [1, 3, 5, 7]
    assert read(run).summary["optimizer/steps"] == 8
