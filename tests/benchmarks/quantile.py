from __future__ import annotations


def of(seconds: list[float], key: str) -> dict[str, float]:
    """Median and 99th percentile in µs, as `key` and `<key>_p99`."""
    ordered = sorted(seconds)
    return {
        key: ordered[len(ordered) // 2] * 1e6,
        f"{key}_p99": ordered[int(len(ordered) * 0.99)] * 1e6,
    }
