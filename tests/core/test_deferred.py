"""Numbers of a device that is still at work: `log` does not wait for them, and nobody notices in the record.

JAX on the CPU works asynchronously as a GPU does, so it stands for both; the same is run on CUDA where there is one.
JAX has threads, which tests that fork could not stand in their process, so it runs in one of its own.
"""

from __future__ import annotations

import pytest
import torch

import tracker_core as tracker

JAX = """
import jax, jax.numpy as jnp, numpy

@jax.jit
def slow(start):
    matrix = jax.lax.fori_loop(0, 200, lambda _, m: m @ m / jnp.linalg.norm(m), jnp.ones((512, 512)))
    return start + 0 * matrix.sum()

def later(value):  # an array that holds `value` once the device has worked for it, some tenths of a second
    return slow(jnp.float32(value))

later(0).copy().block_until_ready()
"""


@pytest.fixture
def jax(script):
    """Runs code with JAX; returns the process and the run that it made."""

    def start(code):
        done = script(JAX + code)
        (run,) = tracker.Api().runs()
        return done, run

    return start


def test_log_does_not_wait(jax):
    _, stored = jax("""
with tracker.init() as run:
    loss = later(0.5)
    run.log({"loss": loss, "epoch": 3, "nested": {"loss": loss}})
    assert not loss.is_ready()
    run.log({"epoch": 4})
    assert run.summary["loss"] == 0.5  # who asks for the value waits for it
""")
    assert stored.history(pandas=False)[0] == {
        "_step": 0,
        "_timestamp": pytest.approx(stored.series("epoch")[1][0], abs=0.01),
        "_runtime": pytest.approx(0, abs=30),
        "epoch": 3,
        "loss": 0.5,
        "nested.loss": 0.5,
    }


def test_what_has_arrived_is_written_by_a_later_call(jax):
    jax("""
import time
run = tracker.init()
run.log({"loss": later(1)})
while "loss" not in tracker.Api().run(run.path).summary:  # the run goes on meanwhile
    time.sleep(0.01)
    run.log({"tick": 1, "again": jnp.float32(0)})
run.finish()
""")


def test_no_value_overtakes_an_older_one(jax):
    _, stored = jax("""
with tracker.init() as run:
    run.log({"loss": 9.0}, step=0)
    run.log({"loss": later(1)}, step=1)
    run.log({"loss": 2.0}, step=1)
    run.log({"loss": later(3)}, step=1)
    run.log({"loss": later(4)}, step=2)
    run.log({"loss": 5.0}, step=3)
    run.log({"loss": later(6)}, step=4)
""")
    assert stored.series("loss")[0].tolist() == [0, 1, 2, 3, 4]
    assert stored.series("loss")[2].tolist() == [9, 3, 4, 5, 6]
    assert stored.summary["loss"] == 6


def test_nor_where_an_even_older_one_has_arrived(jax):
    _, stored = jax("""
with tracker.init() as run:
    first = later(1)
    run.log({"loss": first}, step=0)
    run.log({"loss": slow(first + 1)}, step=1)  # comes some tenths of a second after the first
    while len(run._logbook._late) > 1:
        run.log({"tick": numpy.float32(0)}, step=0)
    run.log({"loss": 3.0}, step=1)
""")
    assert stored.series("loss")[2].tolist() == [1, 3]
    assert stored.summary["loss"] == 3


def test_a_donated_array_keeps_its_value(jax):
    _, stored = jax("""
follow = jax.jit(lambda value: value + 1, donate_argnums=0)
with tracker.init() as run:
    state = later(10)
    for _ in range(3):
        run.log({"state": state})
        state = follow(state)
""")
    assert stored.series("state")[2].tolist() == [10, 11, 12]


def test_step_metrics_are_those_of_the_call(jax):
    _, stored = jax("""
with tracker.init() as run:
    run.define_metric("loss", step_metric="epoch")
    run.log({"epoch": 1})
    run.log({"loss": later(0.5)})
    run.log({"epoch": 2})
    run.log({"loss": later(0.25), "epoch": 3})
    run.log({"epoch": 4})
""")
    envelope = stored.sample("loss", 10, x="epoch")
    assert (envelope.x.tolist(), envelope.last.tolist()) == ([1, 3], [0.5, 0.25])
    assert stored.summary["epoch"] == 4


def test_a_failed_computation_costs_only_its_own_value(jax):
    done, stored = jax("""
def fail(value):
    raise ValueError("of the device")

work = jax.jit(lambda value: jax.pure_callback(fail, jax.ShapeDtypeStruct((), jnp.float32), value))
run = tracker.init()
run.log({"loss": work(later(1)), "epoch": 1})
run.log({"epoch": 2})
run.finish()
""")
    assert "'loss' could not be read from its device" in done.stderr
    assert stored.state == "finished"
    assert stored.series("epoch")[2].tolist() == [1, 2]
    assert "loss" not in stored.summary


def test_a_device_that_prints_meanwhile_does_not_block(jax):
    done, stored = jax("""
def tell(value):
    print("the device says", value)
    return value

work = jax.jit(lambda value: jax.pure_callback(tell, jax.ShapeDtypeStruct((), jnp.float32), value))
run = tracker.init()
for _ in range(3):
    run.log({"loss": work(later(1))})
    run.log({"loss": 0.5})
    assert run.summary["loss"] == 0.5
""")
    assert done.stdout == "the device says 1.0\n" * 3
    assert len(stored.series("loss")[0]) == 6


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_cuda():
    matrix = torch.rand(8192, 8192, device="cuda")
    loss = torch.zeros((), device="cuda", requires_grad=True) + 0.5
    with tracker.init() as run:
        for step in range(3):
            for _ in range(20):
                torch.mm(matrix, matrix)
            run.log({"loss": loss, "epoch": step})
            assert not torch.cuda.current_stream().query()  # the device is still at work
            with torch.no_grad():
                loss += 1  # in place: what was logged stays
    (stored,) = tracker.Api().runs()
    assert stored.series("loss")[2].tolist() == [0.5, 1.5, 2.5]
