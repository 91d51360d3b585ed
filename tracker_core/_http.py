"""The one HTTP client: requests, with our errors.

An error tells what happened and never the address, which may be a secret by itself.
"""

from __future__ import annotations

from tracker_core._errors import CommError


def post_json(address: str, body: bytes, *, timeout: float) -> None:
    """Posts JSON and wants a success; redirects are not followed, as they would be got and not posted.

    `timeout` is in seconds, for the connection and for the answer. Raises CommError.
    """
    import requests

    headers = {"Content-Type": "application/json", "User-Agent": "tracker-core"}
    try:
        response = requests.post(address, data=body, headers=headers, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise CommError(type(error).__name__) from None
    if not 200 <= response.status_code < 300:
        raise CommError(f"HTTP {response.status_code}")
