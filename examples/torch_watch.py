"""A model of plain PyTorch, watched while it trains on scikit-learn's digits."""

import torch
from sklearn.datasets import load_digits

import tracker_core as tracker

digits, labels = load_digits(return_X_y=True)
inputs, targets = torch.tensor(digits / 16, dtype=torch.float32), torch.tensor(labels)
model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

with tracker.init(project="digits", job_type="train", config={"width": 32, "lr": 0.01}) as run:
    run.watch(model, log="all", log_freq=20)
    for _ in range(100):
        guesses = model(inputs)
        loss = torch.nn.functional.cross_entropy(guesses, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log({"loss": loss, "accuracy": (guesses.argmax(1) == targets).float().mean()})
    print(f"accuracy {run.summary['accuracy']:.2f}, last gradient norm {run.summary['gradients/norm']:.3f}")
