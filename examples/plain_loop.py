"""A training loop of one's own: a linear classifier of handwritten digits, in numpy."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import tracker_core as tracker

run = tracker.init(
    project="digits",
    job_type="plain",
    tags=["numpy"],
    config={"lr": 0.3, "epochs": 40, "batch_size": 64, "weight_decay": 1e-4},
)
config = run.config
run.define_metric("val.accuracy", summary="max")

images, labels = load_digits(return_X_y=True)
train_x, val_x, train_y, val_y = train_test_split(images / 16.0, labels, test_size=0.25, random_state=0)
rng = np.random.default_rng(0)
weights, bias = np.zeros((64, 10)), np.zeros(10)


def forward(x: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Mean cross-entropy, accuracy, and the gradient of the first by the scores."""
    scores = x @ weights + bias
    scores -= scores.max(axis=1, keepdims=True)
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    loss = -np.log(chances[np.arange(len(y)), y] + 1e-12).mean()
    accuracy = (chances.argmax(axis=1) == y).mean()
    chances[np.arange(len(y)), y] -= 1
    return float(loss), float(accuracy), chances / len(y)


for epoch in range(config.epochs):
    order = rng.permutation(len(train_x))
    for start in range(0, len(order), config.batch_size):
        batch = order[start : start + config.batch_size]
        loss, accuracy, slope = forward(train_x[batch], train_y[batch])
        weights -= config.lr * (train_x[batch].T @ slope + config.weight_decay * weights)
        bias -= config.lr * slope.sum(axis=0)
        run.log({"train": {"loss": loss, "accuracy": accuracy}, "epoch": epoch})
    loss, accuracy, _ = forward(val_x, val_y)
    run.log({"val": {"loss": loss, "accuracy": accuracy}, "epoch": epoch})

print(f"validation accuracy {accuracy:.3f}")
run.finish()
