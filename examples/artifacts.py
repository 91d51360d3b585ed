"""A data set and a model as artifacts: one run makes the data, one trains on it, one takes up the best model."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import tracker_core as tracker

with tracker.init(project="digits-artifacts", job_type="prepare") as run:
    images, labels = load_digits(return_X_y=True)
    data = tracker.Artifact("digits", type="dataset", metadata={"images": len(images)})
    with data.new_file("digits.npz", mode="wb") as file:
        np.savez(file, images=images / 16.0, labels=labels)
    run.log_artifact(data, aliases=["clean"])

best = 0.0
for strength in (0.001, 0.01, 0.1):
    with tracker.init(project="digits-artifacts", job_type="train", config={"C": strength}) as run:
        found = np.load(Path(run.use_artifact("digits:clean").download()) / "digits.npz")
        model = LogisticRegression(C=strength, max_iter=500).fit(found["images"][:1200], found["labels"][:1200])
        accuracy = model.score(found["images"][1200:], found["labels"][1200:])
        run.log({"accuracy": accuracy})
        np.savez("model.npz", weights=model.coef_, bias=model.intercept_)
        run.log_model("model.npz", name="digit-reader", aliases=["best"] if accuracy > best else [])
        best = max(best, accuracy)

with tracker.init(project="digits-artifacts", job_type="test") as run:
    weights = np.load(run.use_model("digit-reader:best"))
    guesses = (found["images"][1200:] @ weights["weights"].T + weights["bias"]).argmax(axis=1)
    run.log({"accuracy": (guesses == found["labels"][1200:]).mean()})

if maker := tracker.Api().artifact("digits-artifacts/digit-reader:best").logged_by():
    print(f"best accuracy {best:.3f}, made by the run {maker.name} with C={maker.config['C']}")
