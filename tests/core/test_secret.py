from __future__ import annotations

import pytest

from tracker_core._secret import is_secret, mask_arguments, mask_remote, mask_text

KEY = "sk-" + "a1B2" * 8


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["--api-key", "X", "--lr", "0.1"], ["--api-key", "***", "--lr", "0.1"]),
        (["--api_key=X"], ["--api_key=***"]),
        (["--token=a,b"], ["--token=***,b"]),
        (["--hfToken", "X"], ["--hfToken", "***"]),
        (["-password", "X"], ["-password", "***"]),
        (["--password", "--lr", "1"], ["--password", "--lr", "1"]),
        (["db.password='a b'"], ["db.password=***"]),
        (["WANDB_API_KEY=X"], ["WANDB_API_KEY=***"]),
        (["--num-tokens", "5", "--tokenizer", "bert", "--max_tokens=7"], None),
        (["--author", "me", "--key", "loss", "--monitor=val"], None),
        (["--url", "https://me:pw@host/p"], ["--url", "https://***@host/p"]),
        (["--url=https://host/?access_token=X&page=2"], ["--url=https://host/?access_token=***&page=2"]),
        (["--header", "Authorization: Bearer abcdefghijk"], ["--header", "Authorization: *** ***"]),
        (["--header", "X: bearer abcdefghijk"], ["--header", "X: bearer ***"]),
        (["--model", KEY], ["--model", "***"]),
        (["-c", f"login('{KEY}')"], ["-c", "login('***')"]),
        (["--data", "s3://bucket/path", "--rev", "0" * 40], None),
    ],
)
def test_a_command_line_loses_its_secrets_and_nothing_else(given, kept):
    assert mask_arguments(given) == (given if kept is None else kept)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://user:secret@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://ghp_0123456789abcdef0123@example.org/a", "https://example.org/a"),
        ("https://oauth2:a@b@example.org/a", "https://example.org/a"),
        ("https://example.org/a?private_token=x#y", "https://example.org/a"),
        ("git@example.org:a/b.git", "git@example.org:a/b.git"),
        ("ssh://git@example.org:22/a", "ssh://git@example.org:22/a"),
        ("ssh://me:secret@example.org/a", "ssh://me@example.org/a"),
        ("../elsewhere", "../elsewhere"),
    ],
)
def test_a_remote_loses_its_secrets(given, kept):
    assert mask_remote(given) == kept


def test_names_tell_secrets_by_their_last_word():
    assert is_secret("--HF_TOKEN")
    assert is_secret("clientSecret")
    assert not is_secret("--token-dim")
    assert not is_secret("--")


def test_text_keeps_its_harmless_parts():
    assert mask_text("ssh://git@host/a lr=0.1 name: x") == "ssh://git@host/a lr=0.1 name: x"
