"""What a phone in the hills loads when it opens the market for the first time: at most 60 kB."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

import pytest

from tests.cast import CASHIER
from tests.conftest import World
from tests.marketplace.shop.test_routes import fill
from tests.office import visitor
from tests.visitor import Visitor

MOST = 60_000
LOADED = re.compile(r'<(?:link|script|use|img)\b[^>]*?\b(?:href|src)="(/static/[^"]+)"')


async def sent(browser: Visitor, path: str, packing: str) -> tuple[int, str, str]:
    """How many bytes came over the line, how they were packed, and the text."""
    async with browser.client.stream("GET", path, headers={"Accept-Encoding": packing}) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
        assert answer.status_code == 200, path
    plain = await browser.client.get(path, headers={"Accept-Encoding": "identity"})
    return len(raw), answer.headers.get("content-encoding", ""), plain.text


@pytest.mark.parametrize("packing", ["gzip", "br"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_first_load_of_a_full_market_is_at_most_60_kilobytes(
    world: World, language: str, packing: str
) -> None:
    await fill(world, 200)
    async with visitor(world, language=language) as browser:
        page, how, text = await sent(browser, "/", packing)
        assert how == packing
        files = sorted({urldefrag(address).url for address in LOADED.findall(text)})
        assert {name.split("/")[-1].split(".")[0] for name in files} >= {"tokens", "base", "page", "icons", "goods"}
        sizes = {"/": page} | {address: (await sent(browser, address, packing))[0] for address in files}
    assert sum(sizes.values()) <= MOST, sizes


async def test_pages_of_a_signed_in_person_are_never_packed(world: World) -> None:
    async with visitor(world, CASHIER) as browser:
        answer = await browser.client.get("/office/households", headers={"Accept-Encoding": "br, gzip"})
    assert (answer.status_code, answer.headers.get("content-encoding")) == (200, None)


async def test_no_two_packed_pages_show_the_same_token(world: World) -> None:
    async with visitor(world) as browser:
        tokens = [re.findall(r'name="_csrf_token" value="([^"]+)"', (await browser.client.get("/")).text) for _ in range(2)]
    assert tokens[0]
    assert not set(tokens[0]) & set(tokens[1])
