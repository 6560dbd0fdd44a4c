"""All packages of a household: every page forth and back, the years' sums, and nobody else's packages."""

from __future__ import annotations

from marketplace import clock
from marketplace.db import atomically
from marketplace.packages import actions as packages
from tests import cast
from tests.conftest import World
from tests.counter import P01, sold
from tests.office import visitor
from tests.visitor import Seen

HOUSEHOLD = f"/office/households/{cast.PENG}"
CODES = "select code from package where household = $1 order by drafted_at desc, id desc"


async def withdrawn(world: World, household: str, count: int) -> None:
    """So many packages drafted and withdrawn again."""
    scope, home = await cast.scope_of(cast.CLERK), await world.id_of("household", household)

    async def verb() -> None:
        assert scope.actor is not None
        package = await packages.draft(
            home, P01, intake_on=None, by=scope.actor, for_household=True, now=await clock.now()
        )
        await packages.withdraw(package)

    for _one in range(count):
        await atomically(verb, scope)


def linked(page: Seen, words: str) -> str:
    """Where the link with those words leads; "" where there is none."""
    return next((address for address, said in page.links if words in said), "")


async def test_the_household_sees_its_fiftieth_package_three_pages_on_and_comes_back(world: World) -> None:
    await sold(world, cast.PENG)
    await withdrawn(world, cast.PENG, 49)
    async with visitor(world, cast.PENG) as browser:
        home = await browser.open("/home")
        assert linked(home, "See all 50") == "/home/packages"
        first = await browser.open("/home/packages")
        assert "Page 1 of 3" in first.text
        assert first.text.count("withdrawn") >= 24
        assert "brought 11-21" not in first.text
        second = await browser.open(linked(first, "Next page"))
        third = await browser.open(linked(second, "Next page"))
        assert "brought 11-21" in third.text
        assert linked(third, "Next page") == ""
        back = await browser.open(linked(third, "Page before"))
        assert "Page 2 of 3" in back.text
        assert linked(back, "Next page") == linked(second, "Next page")
        assert linked(back, "Page before") == "/home/packages"


async def test_every_year_says_how_many_packages_it_brought_and_how_much(world: World) -> None:
    await sold(world, cast.PENG)
    await sold(world, cast.PENG)
    async with visitor(world, cast.CASHIER) as browser:
        page = await browser.open(f"{HOUSEHOLD}/packages")
    assert "2018 2 ¥200 .00" in page.text


async def test_a_household_without_packages_reads_what_to_do(world: World) -> None:
    async with visitor(world, cast.PENG) as browser:
        assert "No package yet" in (await browser.open("/home/packages")).text


async def test_a_package_of_another_household_is_no_place_in_this_list(world: World) -> None:
    await sold(world, cast.PENG)
    await withdrawn(world, "JP1-02", 1)
    other = await world.admin.fetchval(CODES, await world.id_of("household", "JP1-02"))
    async with visitor(world, cast.PENG) as browser:
        page = await browser.open(f"/home/packages?after={other}&page=2")
    assert "brought 11-21" in page.text
