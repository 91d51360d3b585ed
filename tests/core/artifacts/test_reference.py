"""References to buckets and web servers: a real S3 interface and a real web server, both on this machine."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import tracker_core as tracker
from tracker_core._artifacts import cache

CONTENT = os.urandom(3_000_000)


class Shelf(BaseHTTPRequestHandler):
    """Serves `server.contents` with ETag and Range, and misbehaves as it is told."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        if self.server.heads:
            self._answer(body=False)
        else:
            self.send_error(405)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        self.server.asked.append((self.command, self.path, self.headers.get("Range")))
        content = self.server.contents.get(self.path)
        if content is None:
            self.send_error(404)
            return
        tag = f'"{hashlib.md5(content).hexdigest()}"' if self.server.tags == "md5" else self.server.tags
        span, start = self.headers.get("Range"), 0
        if span and self.server.ranges and self.headers.get("If-Range") == tag:
            start = int(span.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        if tag:
            self.send_header("ETag", tag)
            self.send_header("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if not body:
            return
        if self.server.cuts:
            self.wfile.write(content[start : start + self.server.cuts.pop()])
            self.close_connection = True
            return
        self.wfile.write(content[start:])

    def log_message(self, *_):
        """Silent."""


@pytest.fixture
def web():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.contents = {"/data/cats.tar": CONTENT, "/": b"root"}
    server.asked, server.cuts = [], []
    server.tags, server.ranges, server.heads = "md5", True, True
    server.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(cache, "_PAUSES", (0.0, 0.0, 0.0))


def referring(*addresses, name="refs", **options):
    artifact = tracker.Artifact(name, "dataset")
    for address in addresses:
        artifact.add_reference(address, **options)
    return artifact


def gets(server):
    return [span for command, _, span in server.asked if command == "GET"]


def cached():
    return [path for path in cache.of_user().folder.glob("*/*") if path.suffix != ".part"]


def test_web_address_is_told_fetched_and_kept(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    [file] = artifact.files()
    assert (file.path, file.size, file.etag) == ("cats.tar", len(CONTENT), hashlib.md5(CONTENT).hexdigest())
    assert gets(web) == []
    artifact.download(tmp_path / "one")
    assert (tmp_path / "one/cats.tar").read_bytes() == CONTENT
    artifact.download(tmp_path / "two")
    artifact.verify(tmp_path / "two")
    assert gets(web) == [None]
    changed = bytearray(CONTENT)
    changed[7] ^= 1
    (tmp_path / "two/cats.tar").write_bytes(changed)
    with pytest.raises(ValueError, match="another content"):
        artifact.verify(tmp_path / "two")
    artifact.download(tmp_path / "three", skip_cache=True)
    assert cached() == []


def test_connection_that_breaks_is_gone_on_with(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    web.cuts = [1_000_000, 500_000]
    artifact.download(tmp_path)
    assert (tmp_path / "cats.tar").read_bytes() == CONTENT
    assert gets(web) == [None, "bytes=500000-", "bytes=1500000-"]


def test_server_without_ranges_is_asked_from_the_start(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    web.ranges, web.cuts = False, [500_000]
    artifact.download(tmp_path)
    assert (tmp_path / "cats.tar").read_bytes() == CONTENT


def test_server_that_always_breaks_is_given_up_and_gone_on_with_later(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    web.cuts = [0, 0, 0, 0, 1_000_000]
    with pytest.raises(tracker.NotFoundError, match="ProtocolError"):
        artifact.download(tmp_path)
    assert not (tmp_path / "cats.tar").exists()
    artifact.download(tmp_path)
    assert (tmp_path / "cats.tar").read_bytes() == CONTENT
    assert gets(web)[-1] == "bytes=1000000-"


FETCHES = """
import sys
from pathlib import Path
import tracker_core
tracker_core.Api(Path.cwd()).artifact("p/refs").download(sys.argv[1])
"""


def test_killed_download_is_gone_on_with(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    begun = threading.Event()
    write = Shelf._answer

    def slow(self, *, body):
        if body and not begun.is_set():
            self.send_response(200)
            self.send_header("ETag", f'"{hashlib.md5(CONTENT).hexdigest()}"')
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[:2_000_000])
            self.wfile.flush()
            begun.set()
            self.connection.recv(1)  # until the other side is gone
            self.close_connection = True
        else:
            write(self, body=body)

    web.RequestHandlerClass = type("Slow", (Shelf,), {"_answer": slow})
    process = subprocess.Popen([sys.executable, "-c", FETCHES, str(tmp_path / "out")])
    part = cache.of_user().folder
    while not any(path.stat().st_size >= 1_000_000 for path in part.glob("*/*.part")):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    artifact.download(tmp_path / "out")
    assert (tmp_path / "out/cats.tar").read_bytes() == CONTENT
    [span] = gets(web)
    assert int(span.removeprefix("bytes=").removesuffix("-")) >= 1_000_000


def test_content_that_changed_or_went_is_told(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    artifact.verify_kept()
    web.contents["/data/cats.tar"] = b"others"
    with pytest.raises(tracker.Error, match="has changed since"):
        artifact.download(tmp_path, allow_missing_references=True)
    with pytest.raises(ValueError, match="its tag is"):
        artifact.verify_kept()
    del web.contents["/data/cats.tar"]
    with pytest.raises(tracker.NotFoundError, match="HTTP 404"):
        artifact.download(tmp_path)
    with pytest.raises(ValueError, match="nothing any more"):
        artifact.verify_kept()
    assert run.log_artifact(referring(f"{web.address}/", name="other")).files()[0].path == "127.0.0.1"
    with pytest.raises(FileNotFoundError, match="nothing at"):
        referring(f"{web.address}/none")


def test_another_content_at_the_same_address_is_another_version(run, web):
    assert run.log_artifact(referring(f"{web.address}/data/cats.tar")).version == "v0"
    assert run.log_artifact(referring(f"{web.address}/data/cats.tar")).version == "v0"
    web.contents["/data/cats.tar"] = b"others"
    assert run.log_artifact(referring(f"{web.address}/data/cats.tar")).version == "v1"


def test_tag_that_only_looks_like_an_md5(run, web, tmp_path):
    web.tags = '"00000000000000000000000000000000"'
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    artifact.download(tmp_path)
    assert (tmp_path / "cats.tar").read_bytes() == CONTENT
    assert gets(web) == [None, None]


def test_server_without_tags_or_head_is_never_taken_from_the_cache(run, web, tmp_path):
    web.tags, web.heads = "", False
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar"))
    assert (artifact.files()[0].size, artifact.files()[0].etag) == (len(CONTENT), "")
    web.asked.clear()
    for name in ("one", "two"):
        artifact.download(tmp_path / name)
        assert (tmp_path / name / "cats.tar").read_bytes() == CONTENT
    assert gets(web) == [None, None]


def test_without_checksum_nobody_is_asked_before_the_download(run, web, tmp_path):
    artifact = run.log_artifact(referring(f"{web.address}/data/cats.tar", checksum=False))
    assert web.asked == []
    assert artifact.size == 0
    artifact.download(tmp_path)
    artifact.verify(tmp_path)


def test_who_cannot_be_asked_is_kept_as_an_address(run, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/cats.tar"
    with pytest.warns(UserWarning, match="address alone"):
        artifact = run.log_artifact(referring(address))
    assert artifact.get_entry("cats.tar").ref == address
    with pytest.raises(tracker.NotFoundError, match="ConnectionError"):
        artifact.download(tmp_path)
    artifact.download(tmp_path, allow_missing_references=True)
    with pytest.raises(tracker.UsageError, match="netrc"):
        referring("https://me:secret@example.org/cats.tar")


def test_cache_keeps_to_its_bound_and_what_was_used_last(run, web, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKER_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("TRACKER_CACHE_SIZE", "25 kB")
    web.contents = {f"/{index}": os.urandom(10_000) for index in range(4)} | {"/big": os.urandom(30_000)}
    artifact = run.log_artifact(referring(*(f"{web.address}{path}" for path in web.contents)))
    for at, name in enumerate("0102"):
        artifact.get_entry(name).download(tmp_path / "out")
        for path in cached():  # the clock of a file system may be coarse
            os.utime(path, (at + path.stat().st_mtime - 100, at + path.stat().st_mtime - 100))
    assert len(gets(web)) == 3
    web.asked.clear()
    artifact.get_entry("0").download(tmp_path / "again")
    assert gets(web) == []
    artifact.get_entry("1").download(tmp_path / "again")
    assert gets(web) == [None]
    artifact.get_entry("big").download(tmp_path / "out")
    assert (tmp_path / "out/big").read_bytes() == web.contents["/big"]
    assert sum(path.stat().st_size for path in cached()) <= 25_000
    count, _ = cache.of_user().clean(0)
    assert count == 2
    assert cached() == []


def test_content_that_is_being_fetched_is_not_cleaned_up(tmp_path):
    from tracker_core._artifacts.part import part

    kept = cache.Cache(tmp_path, 0)
    with part(tmp_path / "ab" / "cd.part") as file:
        file.write(b"begun")
        file.flush()
        assert kept.clean(0) == (0, 0)
    assert kept.clean(0) == (1, 5)


def test_place_of_the_cache(monkeypatch):
    assert cache.of_user().folder == Path(os.environ["XDG_CACHE_HOME"], "tracker", "references")
    monkeypatch.setenv("TRACKER_CACHE_DIR", "~/kept")
    assert cache.of_user().folder == Path(os.environ["HOME"], "kept", "references")


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("10GB", 10**10), ("512 MiB", 512 << 20), ("1.5k", 1500), ("7 B", 7)]
)
def test_sizes(text, size):
    assert cache.bytes_of(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "10 bottles"])
def test_no_sizes(text):
    with pytest.raises(tracker.UsageError, match="no size"):
        cache.bytes_of(text)


@pytest.fixture(scope="module")
def bucket_server():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def bucket(bucket_server, monkeypatch):
    """A new, versioned bucket behind Amazon's interface; a client of Amazon's to fill it."""
    import boto3

    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="shelf")
    client.put_bucket_versioning(Bucket="shelf", VersioningConfiguration={"Status": "Enabled"})
    for key, content in {"data/a b.txt": b"one", "data/deep/ü#?.bin": CONTENT, "data/": b"", "database": b"x"}.items():
        client.put_object(Bucket="shelf", Key=key, Body=content)
    yield client
    found = client.list_object_versions(Bucket="shelf")
    for one in [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]:
        client.delete_object(Bucket="shelf", Key=one["Key"], VersionId=one["VersionId"])
    client.delete_bucket(Bucket="shelf")


@pytest.mark.parametrize("address", ["s3://shelf/data", "s3://shelf/data/"])
def test_folder_of_a_bucket_is_expanded(run, bucket, tmp_path, address):
    artifact = run.log_artifact(referring(address, name="cats"))
    assert {file.path: file.size for file in artifact.files()} == {"a b.txt": 3, "deep/ü#?.bin": len(CONTENT)}
    assert artifact.get_entry("a b.txt").ref == "s3://shelf/data/a b.txt"
    assert artifact.get_entry("a b.txt").etag == hashlib.md5(b"one").hexdigest()
    artifact.verify_kept()
    artifact.download(tmp_path)
    assert (tmp_path / "deep/ü#?.bin").read_bytes() == CONTENT
    artifact.verify(tmp_path)
    with pytest.raises(tracker.UsageError, match="max_objects"):
        referring(address, max_objects=1)
    with pytest.raises(FileNotFoundError, match="nothing at"):
        referring("s3://shelf/none")


def test_whole_bucket_below_a_name(run, bucket):
    artifact = run.log_artifact(tracker.Artifact("all", "dataset"))
    artifact = tracker.Artifact("all", "dataset")
    artifact.add_reference("s3://shelf", name="mine")
    assert {file.path for file in artifact.files()} == {"mine/data/a b.txt", "mine/data/deep/ü#?.bin", "mine/database"}


def test_object_comes_in_the_version_that_it_had(run, bucket, tmp_path):
    artifact = run.log_artifact(referring("s3://shelf/data/a b.txt"))
    first = bucket.head_object(Bucket="shelf", Key="data/a b.txt")["VersionId"]
    bucket.put_object(Bucket="shelf", Key="data/a b.txt", Body=b"two")
    assert artifact.files()[0].path == "a b.txt"
    artifact.download(tmp_path / "old")
    assert (tmp_path / "old/a b.txt").read_bytes() == b"one"
    newer = run.log_artifact(referring("s3://shelf/data/a b.txt"))
    assert newer.version == "v1"
    named = run.log_artifact(referring(f"s3://shelf/data/a b.txt?versionId={first}", name="named"))
    named.download(tmp_path / "named")
    assert (tmp_path / "named/a b.txt").read_bytes() == b"one"


def test_begun_download_of_an_object_is_gone_on_with(run, bucket, tmp_path, monkeypatch):
    artifact = run.log_artifact(referring("s3://shelf/data/deep/ü#?.bin"))
    from tracker_core._artifacts import reference

    read, starts = reference.read, []

    def breaks(entry, start):
        stream = read(entry, start)
        starts.append(start)
        if start:
            return stream
        return stream._replace(pieces=iter([CONTENT[:1_000_000]]))

    monkeypatch.setattr(reference, "read", breaks)
    artifact.download(tmp_path)
    assert (tmp_path / "ü#?.bin").read_bytes() == CONTENT
    assert starts == [0, 1_000_000]


def test_stand_in_for_google(run, web, monkeypatch, tmp_path):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", web.address.removeprefix("http://"))
    web.contents["/bucket/cats"] = CONTENT
    artifact = run.log_artifact(referring("gs://bucket/cats"))
    [file] = artifact.files()
    assert (file.path, file.size, file.etag) == ("cats", len(CONTENT), hashlib.md5(CONTENT).hexdigest())
    assert Path(artifact.file(tmp_path)).read_bytes() == CONTENT


def test_object_that_went_is_told(run, bucket, tmp_path):
    artifact = run.log_artifact(referring("s3://shelf/database"))
    found = bucket.list_object_versions(Bucket="shelf", Prefix="database")["Versions"]
    for one in found:
        bucket.delete_object(Bucket="shelf", Key=one["Key"], VersionId=one["VersionId"])
    with pytest.raises(ValueError, match="nothing any more"):
        artifact.verify_kept()
    with pytest.raises(tracker.NotFoundError, match="cannot be fetched"):
        artifact.download(tmp_path)


def test_without_the_package_the_address_is_kept(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.warns(UserWarning, match=r"tracker-core\[cloud\]"):
        artifact = run.log_artifact(referring("s3://shelf/database"))
    assert artifact.files()[0].ref == "s3://shelf/database"
    assert Path("tracker").is_dir()
