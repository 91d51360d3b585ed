"""A search with Optuna: pip install 'tracker-core[optuna]' scikit-learn."""

import optuna
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

import tracker_core as tracker
from tracker_integrations.optuna import TrackerCallback


def objective(trial: optuna.Trial) -> float:
    x, y = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(
        max_depth=trial.suggest_int("max_depth", 1, 8),
        min_samples_leaf=trial.suggest_int("min_samples_leaf", 1, 20),
        random_state=0,
    )
    return float(cross_val_score(model, x, y, cv=3).mean())


def main() -> None:
    with tracker.init(project="iris", name="search", tags=["example"]):
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
        study.optimize(objective, n_trials=20, callbacks=[TrackerCallback("accuracy")])


if __name__ == "__main__":
    main()
