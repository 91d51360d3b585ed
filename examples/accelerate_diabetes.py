"""A loop under Accelerate: pip install 'tracker-core[accelerate]' scikit-learn. Also with `accelerate launch`."""

import torch
from accelerate import Accelerator
from sklearn.datasets import load_diabetes
from torch.utils.data import DataLoader, TensorDataset

from tracker_integrations.accelerate import TrackerTracker


def main() -> None:
    torch.manual_seed(0)
    x, y = (torch.as_tensor(part, dtype=torch.float32) for part in load_diabetes(return_X_y=True))
    accelerator = Accelerator(cpu=True, log_with=TrackerTracker("diabetes", name="accelerate", tags=["example"]))
    accelerator.init_trackers("diabetes", config={"lr": 1.0, "batch_size": 32})

    model = torch.nn.Linear(10, 1)
    optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
    loader = DataLoader(TensorDataset(x * 20, y[:, None] / 100), batch_size=32, shuffle=True)
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for epoch in range(10):
        losses = []
        for inputs, wanted in loader:
            loss = torch.nn.functional.mse_loss(model(inputs), wanted)
            optimizer.zero_grad()
            accelerator.backward(loss)
            optimizer.step()
            losses.append(accelerator.gather(loss.detach()).mean())
        accelerator.log({"loss": float(torch.stack(losses).mean())}, step=epoch)
    accelerator.end_training()


if __name__ == "__main__":
    main()
