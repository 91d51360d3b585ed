"""A small model of Transformers that reads digits line by line: pip install 'tracker-core[transformers]' scikit-learn.

Nothing is downloaded.
"""

from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from torch.utils.data import Dataset
from transformers import BertConfig, BertForSequenceClassification, EvalPrediction, Trainer, TrainingArguments, set_seed

import tracker_core as tracker
from tracker_integrations.transformers import TrackerCallback


class Digits(Dataset[dict[str, Any]]):
    """A digit as a text of eight words: each row of eight pixels, black or white, is one of 256."""

    def __init__(self, part: slice) -> None:
        images, labels = load_digits(return_X_y=True)
        rows = images[part].reshape(-1, 8, 8) > 7
        self.texts, self.labels = rows @ (2 ** np.arange(8)), labels[part]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_ids": self.texts[index], "labels": self.labels[index]}


def accuracy(prediction: EvalPrediction) -> dict[str, float]:
    return {"accuracy": float((np.asarray(prediction.predictions).argmax(-1) == prediction.label_ids).mean())}


def main() -> None:
    set_seed(0)
    config = BertConfig(
        vocab_size=256,
        max_position_embeddings=8,
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        hidden_dropout_prob=0.0,
    )
    config.num_labels = 10
    arguments = TrainingArguments(
        output_dir="tracker-models",
        run_name="transformers",
        num_train_epochs=4,
        learning_rate=3e-3,
        per_device_train_batch_size=32,
        logging_steps=5,
        eval_strategy="epoch",
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
    )
    callback = TrackerCallback(project="digits", tags=["example"], log_model="end")
    Trainer(
        model=BertForSequenceClassification(config),
        args=arguments,
        train_dataset=Digits(slice(0, 1500)),
        eval_dataset=Digits(slice(1500, None)),
        compute_metrics=accuracy,
        callbacks=[callback],
    ).train()
    tracker.finish()


if __name__ == "__main__":
    main()
