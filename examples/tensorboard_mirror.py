"""A script that writes for TensorBoard, unchanged but for one line: pip install 'tracker-core[tensorboard]' torch."""

import torch
from sklearn.datasets import load_digits
from torch.nn import functional
from torch.utils.tensorboard import SummaryWriter

import tracker_core as tracker


def main() -> None:
    tracker.init(project="digits", name="mirrored", tags=["example"], sync_tensorboard=True)

    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    model = torch.nn.Linear(64, 10)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    with SummaryWriter("tensorboard-logs") as writer:
        for step in range(200):
            scores = model(x)
            loss = functional.cross_entropy(scores, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            writer.add_scalar("loss", loss.item(), step)
            if step % 50 == 0:
                writer.add_scalar("accuracy", (scores.argmax(1) == y).float().mean(), step)
                writer.add_histogram("weight", model.weight, step)


if __name__ == "__main__":
    main()
