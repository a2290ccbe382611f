"""Compares what captures give on disk, from a web server and from an S3 server, both on the loopback: by hand.

``python -m tools.compare_remote FOLDER`` needs moto (``pip install "moto[server,s3]"``). It ends with status 1 where
the JSON documents differ in more than the paths.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _document(place: str) -> str:
    command = [sys.executable, "-m", "pop2dissect", "--json", "--quiet", place]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _store(folder: Path) -> str:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    store = boto3.client("s3")
    store.create_bucket(Bucket="archive")
    for path in filter(Path.is_file, folder.iterdir()):
        store.upload_file(str(path), "archive", f"day/{path.name}")
    return "s3://archive/day"


def _web(folder: Path) -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def main(folder: Path) -> int:
    """Compare the captures of a folder."""
    disk, status = _document(str(folder)), 0
    for place in (_web(folder), _store(folder)):
        same = bool(disk) and _document(place).replace(place.rstrip("/"), str(folder)) == disk
        print(f"{place}: {'the same' if same else 'NOT THE SAME'}, {len(disk):,} characters")
        status |= not same
    return status


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
