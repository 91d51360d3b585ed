"""Real environments are played here; episodes and videos are compared with what the wrappers told and wrote."""

from __future__ import annotations

import gc
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo
from gymnasium.wrappers import vector as vector_wrappers
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecVideoRecorder

import tracker_core as tracker

pytestmark = [
    pytest.mark.xdist_group("gymnasium"),
    pytest.mark.filterwarnings("ignore:.*Overwriting existing videos:UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pygame|moviepy"),
    # moviepy leaves the pipe of its last clip to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def monitored(**options):
    return tracker.init(project="p", settings={"silent": True}, **{"monitor_gym": True, **options})


def play(env, episodes):
    """Plays with a fixed policy; returns the statistics that the wrapper told, episode by episode."""
    told = []
    env.action_space.seed(0)
    for number in range(episodes):
        env.reset(seed=number)
        done = False
        while not done:
            *_, terminated, truncated, info = env.step(env.action_space.sample())
            done = terminated or truncated
        told.append(info["episode"])
    return told


def episodes(recorded, prefix=""):
    names = {"r": "return", "l": "length", "t": "time"}
    series = {letter: recorded.series(f"{prefix}episode/{name}") for letter, name in names.items()}
    assert all([step for step, _ in points] == list(range(len(points))) for points in series.values())
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*([v for _, v in p] for p in series.values()), strict=True)
    ]


def videos(recorded):
    return {row["_step"]: row["videos"] for row in recorded.rows if "videos" in row}


@pytest.mark.parametrize("order", ["init first", "environment first"])
def test_episodes_and_videos_have_their_own_steps(order, read):
    def make():
        env = RecordEpisodeStatistics(gym.make("CartPole-v1", render_mode="rgb_array"))
        return RecordVideo(env, "out", episode_trigger=lambda number: number % 2 == 0)

    if order == "init first":
        run, env = monitored(), make()
    else:
        env, run = make(), monitored()
    run.log({"mine": 1.0})
    told = play(env, 4)
    env.close()
    run.log({"mine": 2.0})
    run.finish()
    recorded = read(run)
    assert episodes(recorded) == told
    assert recorded.series("mine") == [(0, 1.0), (1, 2.0)]
    found = videos(recorded)
    assert {step: video["caption"] for step, video in found.items()} == {
        number: f"rl-video-episode-{number}" for number in (0, 2)
    }
    for number, video in found.items():
        mine = Path(run.dir, video["path"]).read_bytes()
        assert mine == Path(f"out/rl-video-episode-{number}.mp4").read_bytes()
        assert video["_type"] == "video-file"


def test_videos_by_step_and_the_last_one_at_close(read):
    run = monitored()
    env = gym.make("CartPole-v1", render_mode="rgb_array")
    env = RecordVideo(env, "out", step_trigger=lambda step: step in (3, 30), video_length=5, name_prefix="x")
    env.reset(seed=0)
    for _ in range(32):
        *_, terminated, truncated, _info = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()
    env.close()
    run.finish()
    assert {step: video["caption"] for step, video in videos(read(run)).items()} == {3: "x-step-3", 30: "x-step-30"}


def test_recorders_that_count_alike_have_a_key_each(read):
    run = monitored()
    # Prefixes that have a number themselves, and names that have none.
    for folder, prefix in (("out", "step-7"), ("out", "evaluation"), ("other", "evaluation")):
        env = gym.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=3)
        env = RecordVideo(env, folder, episode_trigger=lambda number: number == 1, name_prefix=prefix)
        for _ in range(3):
            env.reset()
            env.step(0)
        env.close()
    env = RecordVideo(env, "mine", episode_trigger=lambda _: False)
    for name in ("first", "second"):
        env.reset()
        env.start_recording(name)
        env.step(0)
        env.stop_recording()
    run.finish()
    found = {(key, row["_step"]): row[key]["caption"] for row in read(run).rows for key in row if key[0] == "v"}
    assert found == {
        ("videos", 1): "step-7-episode-1",
        ("videos/evaluation", 1): "evaluation-episode-1",
        ("videos/other", 1): "evaluation-episode-1",
        ("videos/mine", 0): "first",
        ("videos/mine", 1): "second",
    }


@pytest.fixture
def before_1(tmp_path_factory, request, missing):
    """A folder with gymnasium 0.29, pure Python and small, kept from one session of tests to the next."""
    cache = getattr(request.config, "cache", None)  # without pytest's cache it is for this session
    folder = cache.mkdir("gymnasium-0.29.1") if cache else tmp_path_factory.mktemp("kept")
    if not (folder / "gymnasium").is_dir():
        made = tmp_path_factory.mktemp("gymnasium")
        words = ["install", "-q", "--no-deps", "--target", str(made), "gymnasium==0.29.1"]
        done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
        if done.returncode:
            missing(f"gymnasium 0.29.1 cannot be had here: {done.stderr[-300:]}")
        shutil.copytree(made, folder, dirs_exist_ok=True)
    return folder


def test_gymnasium_before_1(before_1, read):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).with_name("gymnasium_before_1.py")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(before_1), *sys.path])},
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["version"] == "0.29.1"
    recorded = read()
    assert episodes(recorded) == told["told"]
    assert recorded.series("mine") == [(0, 1.0), (1, 2.0)]
    assert {(key, row["_step"]): row[key]["caption"] for row in recorded.rows for key in row if key[0] == "v"} == {
        ("videos", 1): "rl-video-episode-1",
        ("videos/step-7", 3): "step-7-step-3",
        ("videos/rl-video", 0): "rl-video-episode-0",
    }
    assert recorded.config["gymnasium"]["CartPole-v1"]["max_episode_steps"] == 500
    (part,) = [part for part in recorded.run.metadata["magic"] if part["module"] == "gymnasium"]
    assert (part["state"], part["version"]) == ("attached", "0.29.1")


def test_vector_environments(read):
    run = monitored()
    env = gym.make_vec("CartPole-v1", num_envs=3, vectorization_mode="sync", render_mode="rgb_array")
    env = vector_wrappers.RecordEpisodeStatistics(env)
    env = vector_wrappers.RecordVideo(env, "out", step_trigger=lambda step: step == 5, video_length=4)
    env.reset(seed=0)
    env.action_space.seed(0)
    told = []
    for _ in range(80):
        *_, infos = env.step(env.action_space.sample())
        over = np.flatnonzero(infos.get("_episode", []))
        told += [{letter: infos["episode"][letter][index] for letter in "rlt"} for index in over]
    env.close()
    run.finish()
    recorded = read(run)
    assert len(told) > 3
    assert episodes(recorded) == told
    assert list(videos(recorded)) == [5]


def counted():
    return RecordEpisodeStatistics(gym.make("CartPole-v1"))


def test_workers_in_other_processes_log_under_their_number(read):
    run = monitored()
    envs = gym.vector.AsyncVectorEnv([counted, counted], context="fork")
    envs.reset(seed=0)
    envs.action_space.seed(0)
    told = [[], []]
    for _ in range(120):
        *_, infos = envs.step(envs.action_space.sample())
        for index in np.flatnonzero(infos.get("_episode", [])):
            told[index].append({letter: infos["episode"][letter][index] for letter in "rlt"})
    envs.close()
    run.finish()
    recorded = read(run)
    workers = sorted({key.partition("/")[0] for key in recorded.keys})
    assert len(workers) == 2
    for worker, expected in zip(workers, told, strict=True):
        assert episodes(recorded, f"{worker}/") == expected


def fall(env, seed=0):
    """Plays one episode that ends soon; returns what the wrapper told of it."""
    env.reset(seed=seed)
    done = False
    while not done:
        *_, terminated, truncated, info = env.step(0)
        done = terminated or truncated
    return info.get("episode")


@pytest.mark.parametrize("how", ["closed", "forgotten", "kept"])
def test_last_episode_of_every_environment(how, read):
    run = monitored()
    told, kept = [], []
    for seed in range(4):
        env = RecordEpisodeStatistics(gym.make("CartPole-v1"), buffer_length=1)
        told.append(fall(env, seed))
        if how == "closed":
            env.close()
        kept.append(env if how == "kept" else None)
        del env
        gc.collect()
    run.finish()
    assert sorted(episodes(read(run)), key=str) == sorted(told, key=str)


def test_closing_twice_and_playing_on_logs_each_episode_once(read):
    run = monitored()
    env = RecordEpisodeStatistics(gym.make("CartPole-v1"))
    told = [fall(env)]
    env.close()
    env.close()
    told.append(fall(env))
    run.finish()
    assert episodes(read(run)) == told


def test_more_episodes_end_in_one_step_than_the_wrapper_remembers(read):
    run = monitored()
    env = gym.make_vec("CartPole-v1", num_envs=7, vectorization_mode="sync", max_episode_steps=2)
    env = vector_wrappers.RecordEpisodeStatistics(env, buffer_length=3, stats_key="mine")
    env.reset(seed=0)
    env.step(np.zeros(7, int))
    *_, infos = env.step(np.zeros(7, int))
    env.close()
    run.finish()
    found = episodes(read(run))
    assert [each["r"] for each in found] == [2.0] * 7
    assert [each["t"] for each in found] == infos["mine"]["t"].tolist()


class Equal(RecordEpisodeStatistics):
    """Every one is the same as any other, and none has a hash."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError("not to be compared")


def test_environments_that_cannot_be_hashed_or_compared(read):
    run = monitored()
    told = [fall(Equal(gym.make("CartPole-v1")), seed) for seed in range(2)]
    run.finish()
    assert sorted(episodes(read(run)), key=str) == sorted(told, key=str)


def test_episodes_of_a_resumed_run_follow_those_before(read):
    told = []
    for _ in range(2):
        run = monitored(id="again", resume="allow")
        env = RecordEpisodeStatistics(gym.make("CartPole-v1"))
        told += [fall(env), fall(env)]
        env.close()
        run.finish()
    assert episodes(read(run)) == told


def every_video(run, read):
    return [
        (row["_step"], Path(run.dir, value["path"]).read_bytes())
        for row in read(run).rows
        for key, value in row.items()
        if key.startswith("videos")
    ]


def test_recorders_made_again_continue_the_steps_of_the_one_before(read):
    run = monitored()
    written = []
    for seed in range(2):
        env = RecordVideo(
            gym.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=3), "out", lambda number: number % 2 == 0
        )
        for number in range(3):
            env.reset(seed=10 * seed + number)
            env.step(0)
            env.step(1)
        env.close()
        written += [Path(f"out/rl-video-episode-{number}.mp4").read_bytes() for number in (0, 2)]
    run.finish()
    found = every_video(run, read)
    assert [step for step, _ in found] == [0, 2, 3, 5]
    assert [video for _, video in found] == written


def test_recorders_that_write_at_a_time_lose_no_video(read):
    run = monitored()

    def make():
        env = gym.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=4)
        return RecordVideo(env, "both", episode_trigger=lambda _: True)

    envs = gym.vector.SyncVectorEnv([make, make, make])
    envs.reset(seed=1)
    for _ in range(9):
        envs.step(np.array([0, 1, 0]))
    envs.close()
    run.finish()
    steps = [step for step, _ in every_video(run, read)]
    assert len(steps) == len(set(steps)) == 6


class Hostile(gym.Wrapper):
    """An environment that fails where it is told to."""

    def __init__(self, env, broken):
        super().__init__(env)
        self.broken = broken

    def render(self):
        return {"none": None, "shape": np.zeros((3,), np.uint8)}.get(self.broken, super().render())

    def step(self, action):
        obs, reward, *rest = super().step(action)
        reward = {"nan": float("nan"), "array": np.array([reward, 1.0])}.get(self.broken, reward)
        return obs, reward, *rest

    def reset(self, **options):
        if self.broken == "reset" and self.np_random is not None and options.get("seed") == 1:
            raise RuntimeError("no reset")
        return super().reset(**options)

    def close(self):
        if self.broken == "close":
            raise RuntimeError("no close")
        super().close()


def raised_by(action):
    try:
        action()
    except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, OSError, UserWarning) as error:
        return repr(error)


@pytest.mark.parametrize("broken", ["none", "shape", "nan", "array", "reset", "close"])
def test_what_an_environment_does_wrong_ends_as_it_does_without_the_tracker(broken, caplog, read):
    def outcome():
        env = Hostile(gym.make("CartPole-v1", render_mode="rgb_array", max_episode_steps=5), broken)
        env = RecordVideo(RecordEpisodeStatistics(env), "out", episode_trigger=lambda _: True, disable_logger=True)
        ends = [raised_by(action) for action in (lambda: fall(env, 0), lambda: fall(env, 1), env.close)]
        return ends, str(env.get_wrapper_attr("return_queue"))

    without = outcome()
    run = monitored()
    assert outcome() == without
    run.finish()
    recorded = read(run)
    assert recorded.state == "finished"
    if broken in ("nan", "array"):
        assert [step for step, _ in recorded.series("episode/return")] == [0, 1]
    assert "tracker" not in caplog.text


def test_stable_baselines3(read):
    run = monitored()
    env = DummyVecEnv([partial(gym.make, "CartPole-v1", render_mode="rgb_array")])
    env = VecVideoRecorder(env, "out", record_video_trigger=lambda step: step == 10, video_length=8)
    PPO("MlpPolicy", env, n_steps=32, batch_size=32, n_epochs=1, device="cpu").learn(32)
    env.close()
    run.finish()
    (found,) = videos(read(run)).items()
    assert (found[0], found[1]["caption"]) == (10, "rl-video-step-10-to-step-18")


def test_environments_stand_in_the_config_and_are_not_touched(read):
    plain = gym.make("CartPole-v1", max_episode_steps=7)
    run = monitored()
    env = gym.make("CartPole-v1", max_episode_steps=7)
    gym.make("FrozenLake-v1", desc=["SF", "FG"])
    gym.make_vec("Acrobot-v1", num_envs=2, vectorization_mode="sync")
    run.finish()
    assert env.spec == plain.spec
    assert repr(env) == repr(plain)
    assert env.render_mode is None
    config = read(run).config["gymnasium"]
    assert config["CartPole-v1"]["max_episode_steps"] == 7
    assert config["FrozenLake-v1"]["kwargs"]["desc"] == ["SF", "FG"]
    assert set(config) == {"CartPole-v1", "FrozenLake-v1", "Acrobot-v1"}


class Unreadable:
    def __repr__(self):
        raise ValueError("no repr")

    def __deepcopy__(self, memo):
        return self


class Configured(gym.Env):
    observation_space = action_space = gym.spaces.Discrete(2)

    def __init__(self, thing=None, size=3):
        self.size = size

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 1.0, True, False, {}


def test_arguments_of_an_environment_that_cannot_be_written_keep_the_rest(read):
    gym.register("Configured-v0", entry_point=Configured)
    with monitored() as run:
        env = RecordEpisodeStatistics(gym.make("Configured-v0", thing=Unreadable(), size=5, disable_env_checker=True))
        env.reset()
        env.step(0)
        env.close()
    recorded = read(run)
    assert recorded.config["gymnasium"]["Configured-v0"]["kwargs"]["size"] == 5
    assert recorded.series("episode/return") == [(0, 1.0)]


def test_statistics_from_before_the_run_are_not_the_runs(read):
    env = RecordEpisodeStatistics(gym.make("CartPole-v1"))
    play(env, 2)
    run = monitored()
    told = play(env, 3)
    run.finish()
    recorded = read(run)
    assert episodes(recorded) == told


def test_failing_run_is_unseen_and_all_is_undone(monkeypatch, caplog):
    before = {name: vars(RecordVideo)[name] for name in ("stop_recording",)} | {"make": gym.make}
    run = monitored()

    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(type(run), "row", fail)
    env = RecordVideo(RecordEpisodeStatistics(gym.make("CartPole-v1", render_mode="rgb_array")), "out")
    assert len(play(env, 2)) == 2
    env.close()
    run.finish()
    assert Path("out/rl-video-episode-0.mp4").is_file()
    assert "the disk is full" in caplog.text
    assert {name: vars(RecordVideo)[name] for name in ("stop_recording",)} | {"make": gym.make} == before
