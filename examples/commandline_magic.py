"""Arguments become config, and Keras, Lightning and others are tracked, by one word: magic."""

import argparse
import random

import tracker_core as tracker


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=100)
    arguments = parser.parse_args()

    run = tracker.init(project="magic", tags=["example"], magic=True)
    random.seed(0)
    x = 5.0
    for _ in range(arguments.steps):
        x -= arguments.lr * (2 * x + random.gauss(0, 0.1))
        run.log({"x": x, "loss": x * x})


if __name__ == "__main__":
    main()
