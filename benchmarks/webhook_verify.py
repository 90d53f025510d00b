"""What verification costs compared with the bare HMAC, in the same run.

Both get the same bodies in turns; the baseline computes the digest and compares it, and does
nothing else. Prints a table: microseconds, the best of the rounds, and how many times as long.

    python benchmarks/webhook_verify.py [--rounds 25]
"""

from __future__ import annotations

import argparse
import hmac
import timeit
from collections.abc import Callable

from helpers.webhooks.signatures import CANVAS_KIT, WEBHOOK, Scheme, Verifier, sign

SECRET = b"0123456789abcdef0123456789abcdef"
SIZES = (1_000, 20_000, 300_000)  # bytes
EACH = 0.02  # seconds a round takes about


def bare(scheme: Scheme, body: bytes, header: str) -> Callable[[], bool]:
    claimed = header.encode()

    def verify() -> bool:
        digest = hmac.digest(SECRET, body, scheme.algorithm).hex()
        return hmac.compare_digest(f"{scheme.prefix}{digest}".encode(), claimed)

    return verify


def ours(scheme: Scheme, body: bytes, header: str, *more: bytes) -> Callable[[], bool]:
    verifier, headers = Verifier(*more, SECRET, scheme=scheme), [header]
    return lambda: bool(verifier.verify(body, headers))


def in_turns(rounds: int, *tried: Callable[[], bool]) -> list[float]:
    """Microseconds a call, the best of the rounds: what is over it is the machine's."""
    calls = [max(1, int(EACH / (timeit.timeit(each, number=20) / 20))) for each in tried]
    found: list[list[float]] = [[] for _ in tried]
    for _ in range(rounds):
        for each, number, times in zip(tried, calls, found, strict=True):
            times.append(timeit.timeit(each, number=number) / number * 1e6)
    return [min(times) for times in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    print("| Scheme | Body | Bare HMAC | Verifier | | With a second secret | |")
    print("|---|---|---|---|---|---|---|")
    for scheme in (WEBHOOK, CANVAS_KIT):
        for size in SIZES:
            body = b"x" * size
            header = sign(SECRET, body, scheme)
            one, two = ours(scheme, body, header), ours(scheme, body, header, b"the new secret")
            floor, alone, both = in_turns(rounds, bare(scheme, body, header), one, two)
            cells = (f"{alone:.1f} µs", f"{alone / floor:.2f} x", f"{both:.1f} µs")
            print(
                f"| {scheme.title} | {size / 1000:g} KB | {floor:.1f} µs | {' | '.join(cells)} "
                f"| {both / floor:.2f} x |"
            )


if __name__ == "__main__":
    main()
