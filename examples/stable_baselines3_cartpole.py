"""An agent of Stable-Baselines3: pip install 'tracker-core[stable-baselines3]' 'gymnasium[classic-control]'."""

from stable_baselines3 import PPO

import tracker_core as tracker
from tracker_integrations.stable_baselines3 import TrackerCallback


def main() -> None:
    with tracker.init(project="cartpole", name="ppo", tags=["example"]):
        model = PPO("MlpPolicy", "CartPole-v1", n_steps=256, batch_size=64, device="cpu", seed=0)
        model.learn(4096, callback=TrackerCallback(log_model=True))


if __name__ == "__main__":
    main()
