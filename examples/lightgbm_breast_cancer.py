"""Boosted trees of LightGBM, with early stopping: pip install 'tracker-core[lightgbm]' scikit-learn."""

import lightgbm
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import tracker_core as tracker
from tracker_integrations.lightgbm import TrackerCallback, log_summary


def main() -> None:
    data = load_breast_cancer()
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)
    names = [name.replace(" ", "_") for name in data.feature_names]
    train = lightgbm.Dataset(x_train, y_train, feature_name=names)
    test = lightgbm.Dataset(x_test, y_test, reference=train)

    with tracker.init(project="breast-cancer", name="lightgbm", tags=["example"]) as run:
        model = lightgbm.train(
            {"objective": "binary", "metric": ["binary_logloss", "auc"], "num_leaves": 7, "verbosity": -1},
            train,
            num_boost_round=200,
            valid_sets=[train, test],
            valid_names=["train", "test"],
            callbacks=[TrackerCallback(), lightgbm.early_stopping(10, verbose=False)],
        )
        log_summary(model, log_model=True)
        run.summary["accuracy"] = float(((np.asarray(model.predict(x_test)) > 0.5) == y_test).mean())


if __name__ == "__main__":
    main()
