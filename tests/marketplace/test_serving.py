"""The servers keep an idle connection longer than whoever uses it: a request is never cut off by a closing server."""

from __future__ import annotations

from marketplace import serving

LONGEST_OF_PROXIES = 60  # nginx keeps idle connections to its upstream so many seconds


def test_a_connection_is_kept_longer_than_a_proxy_keeps_it() -> None:
    assert serving.KEEP_ALIVE_SECONDS > LONGEST_OF_PROXIES
    assert serving._uvicorn_config(workers=1).timeout_keep_alive == serving.KEEP_ALIVE_SECONDS
