"""A search with Ray Tune: pip install 'tracker-core[ray]' scikit-learn."""

import os
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import ray
from ray import tune
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import tracker_core as tracker
from tracker_integrations.ray import TrackerLoggerCallback


def learn(config: dict[str, Any]) -> None:
    images, labels = load_digits(return_X_y=True)
    model = SGDClassifier(alpha=config["alpha"], random_state=0)
    for _ in range(5):
        model.partial_fit(images[:1500], labels[:1500], classes=range(10))
        tune.report({"accuracy": model.score(images[1500:], labels[1500:])})


def main() -> None:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    with tracker.init(project="digits", name="ray", tags=["example"]) as run:
        results = tune.Tuner(
            learn,
            param_space={"alpha": tune.grid_search([1e-4, 1e-2])},
            run_config=tune.RunConfig(name="alpha", callbacks=[TrackerLoggerCallback()], verbose=0),
        ).fit()
        best = results.get_best_result("accuracy", "max")
        run.config["best"] = best.config
        run.log({"accuracy": best.metrics["accuracy"] if best.metrics else None})
    ray.shutdown()


if __name__ == "__main__":
    main()
