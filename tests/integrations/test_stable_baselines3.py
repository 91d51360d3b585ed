"""Agents learn here; the run is compared with what another writer of the same logger, and Monitor's file, were told."""

from __future__ import annotations

import csv
import os
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import DQN, PPO
from stable_baselines3.common import logger as sb3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.monitor import Monitor

import tracker_core as tracker
from tracker_integrations.stable_baselines3 import TrackerCallback

pytestmark = [
    pytest.mark.xdist_group("gymnasium"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


class Told(sb3.KVWriter):
    def __init__(self):
        self.points = {}

    def write(self, key_values, key_excluded, step=0):
        for key, value in key_values.items():
            if isinstance(value, (int, float, np.number)):
                self.points.setdefault(key, []).append((step, float(value)))

    def close(self):
        pass


@pytest.fixture
def run():
    with tracker.init(project="p", settings={"silent": True}) as run:
        yield run


@pytest.fixture
def ppo():
    """Makes small agents; their environments, which keep files open, are closed after the test."""
    made = []

    def make(envs=1, **options):
        made.append(make_vec_env("CartPole-v1", n_envs=envs, seed=0, monitor_dir="monitor"))
        small = {"n_steps": 32, "batch_size": 32, "n_epochs": 1, "device": "cpu", "seed": 0}
        return PPO("MlpPolicy", made[-1], **{**small, **options})

    yield make
    for env in made:
        env.close()


def listened(model):
    """The model with a logger of its own, and what that logger is told."""
    told = Told()
    model.set_logger(sb3.Logger(None, [told]))
    return told.points


def played(index=0):
    with Path(f"monitor/{index}.monitor.csv").open() as file:
        next(file)
        return [(float(row["r"]), int(row["l"])) for row in csv.DictReader(file)]


def test_logger_and_episodes_are_recorded_at_timesteps(ppo, run, read):
    model = ppo()
    points = listened(model)
    model.learn(128, callback=TrackerCallback())
    recorded = read(run)
    assert {"train/loss", "rollout/ep_rew_mean", "time/fps"} <= set(points)
    for key, expected in points.items():
        assert recorded.series(key) == expected, key
    episodes = played()
    assert [value for _, value in recorded.series("episode/return")] == [r for r, _ in episodes]
    lengths = [length for _, length in episodes]
    assert recorded.series("episode/length") == list(zip(np.cumsum(lengths).tolist(), lengths, strict=True))
    assert run.step == 0


def test_episodes_of_several_environments_are_kept_apart(ppo, run, read):
    ppo(envs=3).learn(192, callback=TrackerCallback())
    expected = sorted(episode for index in range(3) for episode in played(index))
    recorded = read(run)
    found = zip(
        *([value for _, value in recorded.series(f"episode/{name}")] for name in ("return", "length")), strict=True
    )
    assert sorted(found) == expected


def test_parameters_are_config(ppo, run, read):
    ppo(envs=2, learning_rate=lambda left: 0.01 * left).learn(64, callback=TrackerCallback())
    config = read(run).config
    expected = {"algorithm": "PPO", "policy": "ActorCriticPolicy", "n_envs": 2, "n_steps": 32, "gamma": 0.99, "seed": 0}
    assert {key: config[key] for key in expected} == expected
    assert (config["learning_rate"], config["clip_range"]) == (0.01, 0.2)


def test_several_learns_and_the_model(ppo, run, read):
    model = ppo()
    points = listened(model)
    callback = TrackerCallback(log_model=True)
    model.learn(64, callback=callback)
    model.learn(64, callback=callback, reset_num_timesteps=False)
    assert len(model.logger.output_formats) == 1
    assert read(run).series("time/iterations") == points["time/iterations"]
    artifact = tracker.Api().artifact(f"p/model-{run.id}:latest")
    assert artifact.metadata["timesteps"] == 128
    again = PPO.load(Path(artifact.download(), "model.zip"), device="cpu")
    for mine, theirs in zip(again.policy.parameters(), model.policy.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("how", ["same callback", "new callback", "new model", "resumed run"])
def test_timesteps_that_begin_again_continue_the_steps(ppo, how, read):
    def start():
        return tracker.init(project="p", id="again", resume="allow", settings={"silent": True})

    run, model, callback = start(), ppo(), TrackerCallback()
    points = listened(model)
    model.learn(64, callback=callback)
    if how == "new model":
        model = ppo()
        model.set_logger(sb3.Logger(None, [told := Told()]))
        told.points = points
    elif how == "resumed run":
        run.finish()
        run = start()
    model.learn(64, callback=callback if how == "same callback" else TrackerCallback())
    model.learn(64, callback=TrackerCallback(), reset_num_timesteps=False)
    run.finish()
    recorded = read(run)
    assert [step for step, _ in recorded.series("time/iterations")] == [32, 64, 96, 128, 160, 192]
    for key, expected in points.items():
        assert [value for _, value in recorded.series(key)] == [value for _, value in expected], key


def test_media_and_hyperparameters_of_the_logger(ppo, run, read):
    class Show(BaseCallback):
        def _on_step(self):
            if self.n_calls == 1:
                self.logger.record("video", sb3.Video(torch.zeros(1, 2, 3, 8, 8, dtype=torch.uint8), fps=5))
                self.logger.record("image", sb3.Image(np.zeros((4, 6, 3), np.uint8), "HWC"), exclude="stdout")
                self.logger.record("hparams", sb3.HParam({"mine": 7}, {"score": 1.5}))
                self.logger.record("hidden", 1.0, exclude="tracker")
                self.logger.dump(3)
            return True

    model = ppo()
    listened(model)
    model.learn(32, callback=[Show(), TrackerCallback()])
    recorded = read(run)
    (row,) = [row for row in recorded.rows if "video" in row]
    assert (row["_step"], row["video"]["_type"], row["video"]["fps"]) == (3, "video-file", 5.0)
    assert (row["image"]["width"], row["image"]["height"]) == (6, 4)
    assert recorded.config["mine"] == 7
    assert recorded.series("score") == [(3, 1.5)]
    assert "hidden" not in recorded.keys


def test_run_of_its_own(ppo):
    ppo().learn(32, callback=TrackerCallback(project="mine", name="agent", settings={"silent": True}))
    assert (tracker.run.project, tracker.run.name) == ("mine", "agent")
    tracker.finish()


def test_misspelled_keyword_is_told_at_once():
    with pytest.raises(TypeError, match=r"log_modl.*log_model"):
        TrackerCallback(log_modl=True)


class Nonsense(gym.Wrapper):
    """Tells of its episodes in ways that nobody expects."""

    def step(self, action):
        obs, reward, end, cut, info = super().step(action)
        count = self.count = getattr(self, "count", 0) + 1
        told = [None, 3, {"r": np.array([2.0])}, {"r": "x", "l": None}, {"r": float("nan"), "l": 1, "t": 0.0}]
        return obs, reward, end, cut, {**info, "episode": told[count % len(told)]}


def test_episodes_that_make_no_sense_change_nothing(run, read):
    def learn(callback):
        env = Nonsense(gym.make("CartPole-v1"))
        model = PPO(
            "MlpPolicy", make_vec_env(lambda: env, monitor_dir=None), n_steps=32, batch_size=32, n_epochs=1, seed=0
        )
        model.ep_info_buffer = None
        model._update_info_buffer = lambda *_: None  # which takes them as they are
        model._dump_logs = model.dump_logs = lambda *_: model.logger.dump(model.num_timesteps)
        model.set_logger(sb3.Logger(None, []))
        model.learn(64, callback=callback)
        return [parameter.detach().clone() for parameter in model.policy.parameters()]

    with_us, without = learn(TrackerCallback()), learn(None)
    assert all(map(torch.equal, with_us, without))
    assert len(read(run).series("train/loss")) == 1  # that of the second rollout is logged by a third


def test_value_of_the_logger_that_cannot_be_kept_is_left_out_alone(ppo, run, read, caplog):
    class Record(BaseCallback):
        def _on_step(self):
            if self.n_calls == 1:
                self.logger.record("image", sb3.Image("no image", "HWC"), exclude="stdout")
                self.logger.record("good", 1.5)
                self.logger.dump(3)
            return True

    model = ppo()
    listened(model)
    model.learn(32, callback=[Record(), TrackerCallback()])
    assert read(run).series("good") == [(3, 1.5)]
    assert len([message for message in caplog.messages if "image" in message]) == 1


class TestMagic:
    @pytest.mark.parametrize("form", ["none", "function", "callback", "list"])
    def test_every_form_of_callback_gets_one_of_ours(self, ppo, form, read):
        calls = []

        class Mine(BaseCallback):
            def _on_step(self):
                calls.append(1)
                return True

        given = {"none": None, "function": lambda *_: calls.append(1) or True, "callback": Mine(), "list": [Mine()]}[
            form
        ]
        with tracker.init(magic=True, settings={"silent": True}) as run:
            model = ppo()
            points = listened(model)
            model.learn(64, callback=given)
        assert read(run).series("train/loss") == points["train/loss"]
        assert len(calls) == (0 if form == "none" else 64)

    def test_off_policy_algorithms(self, read):
        Path("monitor").mkdir()
        env = Monitor(gym.make("CartPole-v1"), "monitor/0")
        with tracker.init(magic=True, settings={"silent": True}) as run:
            DQN("MlpPolicy", env, learning_starts=20, device="cpu", seed=0).learn(150)
        env.close()
        recorded = read(run)
        assert [value for _, value in recorded.series("episode/return")] == [r for r, _ in played()]
        assert recorded.config["algorithm"] == "DQN"

    def test_callback_of_the_user_is_enough_and_all_is_undone(self, ppo, read):
        before = vars(BaseAlgorithm)["_init_callback"]
        with tracker.init(magic=True, settings={"silent": True}) as run:
            model = ppo()
            listened(model)
            model.learn(32, callback=CallbackList([TrackerCallback()]))
        assert len([row for row in read(run).rows if "time/iterations" in row]) == 1
        assert vars(BaseAlgorithm)["_init_callback"] is before

    def test_failing_tracker_is_unseen(self, ppo, monkeypatch, caplog):
        run = tracker.init(magic=True, settings={"silent": True})

        def fail(*_, **__):
            raise OSError("the disk is full")

        monkeypatch.setattr(type(run), "row", fail)
        model = ppo().learn(64)
        run.finish()
        assert model.num_timesteps == 64
        assert "the disk is full" in caplog.text
