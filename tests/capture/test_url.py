from __future__ import annotations

import pytest

from pop2dissect.capture.url import clean, is_url, without_credentials

SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("s3://bucket/day 1/a@b.pcap", "s3://bucket/day 1/a@b.pcap"),
        ("s3://bucket/day-?/*.pcap", "s3://bucket/day-?/*.pcap"),
        ("s3://bucket/a.pcap?versionId=17", "s3://bucket/a.pcap?versionId=17"),
        ("https://[::1]:8000/a@b", "https://[::1]:8000/a@b"),
        (f"sftp://user:{SECRET}@host:22/a.pcap", "sftp://***@host:22/a.pcap"),
        (f"https://{SECRET}@host/a.pcap", "https://***@host/a.pcap"),
        (f"https://u:p@{SECRET}@host/a.pcap", "https://***@host/a.pcap"),
        (f"https://u:p/{SECRET}@host/a.pcap", "https://***@host/a.pcap"),
        (f"https://u:p?{SECRET}@host/a.pcap", "https://***@host/a.pcap"),
        (f"https://host/a.pcap?X-Amz-Date=1&X-Amz-Signature={SECRET}", "https://host/a.pcap?X-Amz-Date=***&X-Amz-Signature=***"),
        (f"https://host/a.pcap?{SECRET}", "https://host/a.pcap?***"),
        (f"https://host/a.pcap#token={SECRET}", "https://host/a.pcap#token=***"),
        (f"zip://a.pcap::https://u:{SECRET}@host/x.zip?sig={SECRET}", "zip://a.pcap::https://***@host/x.zip?sig=***"),
        ("a file.pcap", "a file.pcap"),
    ],
)  # fmt: skip
def test_what_lets_in_is_not_shown(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
    assert without_credentials(shown) == shown
    assert SECRET not in clean(f"403, url='{url}', at {url}", url)


def test_a_sentence_names_no_secret_by_itself() -> None:
    for url in (f"s3://key:{SECRET}%20@bucket/x", f"https://u:{SECRET} @host/", f"https://host/?sig={SECRET}"):
        assert SECRET not in clean(f"no such bucket: {SECRET} @bucket", url)


def test_what_is_a_url() -> None:
    assert [
        is_url(path) for path in ("s3://b/k", "simplecache::s3://b/k", "C:\\x", "c:/x", "a::b", "./a://b", "-")
    ] == ([True, True, False, False, False, False, False])
