"""Episodes and videos of an environment: pip install 'tracker-core[gymnasium]' 'gymnasium[classic-control]'.

A linear policy for CartPole, improved by random search.
"""

import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")  # no screen needed

import gymnasium
import numpy as np
from gymnasium.wrappers import RecordEpisodeStatistics, RecordVideo

import tracker_core as tracker


def main() -> None:
    run = tracker.init(project="cartpole", name="random-search", tags=["example"], monitor_gym=True)
    env = gymnasium.make("CartPole-v1", render_mode="rgb_array")
    env = RecordVideo(env, "videos", episode_trigger=lambda episode: episode in (0, 39))
    env = RecordEpisodeStatistics(env)

    random = np.random.default_rng(0)
    best, weights = 0.0, np.zeros(4)
    for episode in range(40):
        trial = weights + random.normal(size=4)
        observation, _ = env.reset(seed=episode)
        total, over = 0.0, False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(int(observation @ trial > 0))
            total += float(reward)
            over = terminated or truncated
        if total >= best:
            best, weights = total, trial
        run.log({"best": best})
    env.close()


if __name__ == "__main__":
    main()
