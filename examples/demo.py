"""What `make demo` runs: three trainings on the digits of scikit-learn, and a look at what was tracked."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent
TRAININGS = {
    "lightning_digits.py": "a PyTorch Lightning model, tracked by logger=TrackerLogger()",
    "keras_digits.py": "a Keras model, tracked by callbacks=[TrackerCallback()]",
    "plain_loop.py": "a plain loop, tracked by tracker.init() and run.log()",
}


def main() -> None:
    environ = os.environ | {"KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "torch")}
    for script, what in TRAININGS.items():
        say(f"examples/{script}: {what}")
        subprocess.run([sys.executable, str(EXAMPLES / script)], check=True, env=environ)
    say("tracker runs --project digits")
    tracker("runs", "--project", "digits")
    say("tracker show        (the newest run)")
    tracker("show")
    say("Look further")
    print(f"  cd {shlex.quote(str(Path.cwd()))}")
    if sys.prefix != sys.base_prefix:
        print(f"  source {shlex.quote(str(Path(sys.prefix, 'bin', 'activate')))}")
    print("  tracker ui                                   all of it in the browser")
    print("  tracker runs --filter 'config.lr<0.1'        which runs")
    print("  tracker show lightning --key val_accuracy    any metric of any run")
    print("  tracker export keras -o rows.csv             every row, for other programs")


def say(text: str) -> None:
    print(f"\n\033[1m== {text}\033[0m\n" if sys.stdout.isatty() else f"\n== {text}\n", flush=True)


def tracker(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "tracker_core", *words], check=True)


if __name__ == "__main__":
    main()
