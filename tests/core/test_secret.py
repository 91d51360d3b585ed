from __future__ import annotations

import pytest

from tracker_core._secret import copy_code, is_secret, mask_arguments, mask_code, mask_output, mask_remote, mask_text

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


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('api_key = "abcd1234efgh"', 'api_key = "***"'),
        ('API_KEY: str = "abcd1234efgh"', 'API_KEY: str = "***"'),
        ('os.environ["HF_TOKEN"] = "abcd1234efgh"', 'os.environ["HF_TOKEN"] = "***"'),
        ("run({'password': 'hunter2'}, lr=3)", "run({'password': '***'}, lr=3)"),
        ('-    login(secret_key=f"abcdefgh", n=1)', '-    login(secret_key=f"***", n=1)'),
        (r'"source": ["token = \"abcd1234efgh\"\n"]', r'"source": ["token = \"***\"\n"]'),
        (f'client = Client("{KEY}")', 'client = Client("***")'),
        ('db = "postgresql://me:pw@host/db"', 'db = "postgresql://***@host/db"'),
        ('pad_token = "<pad>"; eos_token="</s>"; token_type = "bearer"', None),
        ('password = os.environ["PASSWORD"]; token = get_token("name")', None),
        ('tokenizer = load("bert"); num_tokens = 512; key = "loss"', None),
    ],
)
def test_code_loses_its_secrets_and_nothing_else(given, kept):
    assert mask_code(given) == (given if kept is None else kept)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("password: hunter2", "password: ***"),
        ("using api_key=abcdefgh for 3 runs", "using api_key=*** for 3 runs"),
        ("HF_TOKEN=abcd1234efgh", "HF_TOKEN=***"),
        ('{"token": "abcd1234efgh", "n": 3}', '{"token": "***", "n": 3}'),
        (f"logged in with {KEY}", "logged in with ***"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("cloning https://me:pw@host/repo.git", "cloning https://***@host/repo.git"),
        ("tokens/s: 12345.678 token: 17 next_token=the secret: 0.123456", None),
        ("key: val/loss auth: ok max_tokens=4096", None),
    ],
)
def test_printed_lines_lose_their_secrets_and_nothing_else(given, kept):
    assert mask_output(given) == (given if kept is None else kept)


def test_copies_of_files_that_are_no_text_or_have_no_secret_are_exact(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    for data in (b"\xff\xfe\x00token", b"x = 1\r\n", "t\u00f6ken".encode()):
        source.write_bytes(data)
        copy_code(source, target)
        assert target.read_bytes() == data
    source.write_bytes(b"\xff api_key = 'abcd1234efgh'\r\n")
    copy_code(source, target)
    assert target.read_bytes() == b"\xff api_key = '***'\r\n"
    assert target.stat().st_mtime_ns == source.stat().st_mtime_ns
