"""Played by `test_gymnasium.py` with gymnasium 0.29 in front of the installed one; tells what the wrappers told."""

from __future__ import annotations

import json
import sys

import gymnasium as gym
import numpy as np
from gymnasium.experimental import wrappers as experimental
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo

import tracker_core as tracker


def play(env, episodes):
    told = []
    env.action_space.seed(0)
    for number in range(episodes):
        env.reset(seed=number)
        done = False
        while not done:
            *_, terminated, truncated, info = env.step(env.action_space.sample())
            done = terminated or truncated
        told.append({letter: float(np.squeeze(info["episode"][letter])) for letter in "rlt"})
    env.close()
    return told


def play_vector(env, steps):
    told = []
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(steps):
        *_, infos = env.step(env.action_space.sample())
        over = np.flatnonzero(infos.get("_episode", []))
        told += [{letter: float(infos["episode"][letter][index]) for letter in "rlt"} for index in over]
    env.close()
    return told


def cartpole(**options):
    return gym.make("CartPole-v1", render_mode="rgb_array", **options)


def main():
    originals = {RecordVideo: dict(vars(RecordVideo)), RecordEpisodeStatistics: dict(vars(RecordEpisodeStatistics))}
    early = RecordVideo(cartpole(), "early", lambda number: number == 1, disable_logger=True)
    run = tracker.init(project="p", monitor_gym=True, settings={"silent": True})
    run.log({"mine": 1.0})
    told = play(RecordEpisodeStatistics(early), 3)
    told += play_vector(RecordEpisodeStatistics(gym.vector.make("CartPole-v1", num_envs=3, asynchronous=False)), 60)
    by_step = RecordVideo(
        cartpole(max_episode_steps=9),
        "steps",
        step_trigger=lambda step: step == 3,
        video_length=4,
        name_prefix="step-7",
    )
    told += play(RecordEpisodeStatistics(by_step), 1)
    new = experimental.RecordVideoV0(cartpole(), "new", lambda number: number == 0, disable_logger=True)
    told += play(experimental.RecordEpisodeStatisticsV0(new), 1)
    run.log({"mine": 2.0})
    run.finish()
    assert {wrapper: dict(vars(wrapper)) for wrapper in originals} == originals
    json.dump({"version": gym.__version__, "told": told}, sys.stdout)


if __name__ == "__main__":
    main()
