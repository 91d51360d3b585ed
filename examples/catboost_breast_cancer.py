"""Boosted trees of CatBoost, with early stopping: pip install 'tracker-core[catboost]' scikit-learn."""

from catboost import CatBoostClassifier
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import tracker_core as tracker
from tracker_integrations.catboost import TrackerCallback, log_summary


def main() -> None:
    data = load_breast_cancer(as_frame=True)
    x_train, x_test, y_train, y_test = train_test_split(data.data, data.target, random_state=0)
    model = CatBoostClassifier(
        iterations=200,
        depth=4,
        custom_metric=["AUC"],
        early_stopping_rounds=10,
        random_seed=0,
        verbose=False,
        allow_writing_files=False,
    )

    with tracker.init(project="breast-cancer", name="catboost", tags=["example"]) as run:
        model.fit(x_train, y_train, eval_set=(x_test, y_test), callbacks=[TrackerCallback()])
        log_summary(model, log_model=True)
        run.summary["accuracy"] = float(model.score(x_test, y_test))


if __name__ == "__main__":
    main()
