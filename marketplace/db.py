"""The database door: Piccolo's engine with its transactions mended, and transactions that carry a scope.

Piccolo 1.38 loses a pooled connection when COMMIT fails, treats nesting as nothing, and lets child tasks share an
open transaction. `tests/marketplace/test_db.py` is the contract: an upgrade that undoes a mend turns it red.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction
from piccolo.querystring import QueryString

from marketplace.embedded import FORGETFUL_NAME
from marketplace.settings import SettingsError, settings

Isolation = Literal["read_committed", "repeatable_read", "serializable"]
Result = TypeVar("Result")
AfterCommit = Callable[[], Awaitable[None]]

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
POOL_WAIT_SECONDS = 2.0
# P24: fail fast. A statement may run 5 s, a lock be waited for 3 s, a transaction stand idle 15 s.
SERVER_SETTINGS = {
    "statement_timeout": "5000",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "15000",
    "timezone": "UTC",
    "application_name": "marketplace",
}


class ForeignTask(RuntimeError):
    """A query from a child task while its parent's transaction is open: both would use one connection."""


class PoolBusy(RuntimeError):
    """No connection became free within the pool's waiting time."""


class Unscoped(RuntimeError):
    """A scope was asked for inside an open transaction that already has one."""


@dataclass(frozen=True)
class Scope:
    """Whose eyes the database looks through; row-level security reads it. Empty = sees no person."""

    actor: UUID | None = None
    role: str = "public"
    villages: tuple[UUID, ...] = ()
    places: tuple[UUID, ...] = ()
    household: UUID | None = None
    customer: UUID | None = None

    def settings(self) -> tuple[str, str, str, str, str, str]:
        """The six transaction-local settings, in the order of SET_SCOPE."""
        return (
            str(self.actor or ""),
            self.role,
            "{" + ",".join(str(village) for village in self.villages) + "}",
            "{" + ",".join(str(place) for place in self.places) + "}",
            str(self.household or ""),
            str(self.customer or ""),
        )


PUBLIC = Scope()
SET_SCOPE = (
    "select set_config('app.actor', $1, true), set_config('app.role', $2, true), "
    "set_config('app.villages', $3, true), set_config('app.places', $4, true), "
    "set_config('app.household', $5, true), set_config('app.customer', $6, true)"
)


class Transaction(PostgresTransaction):
    """BEGIN … COMMIT on one pooled connection, bound to one task; nested inside another it is a savepoint."""

    __slots__ = ("_outer", "after", "closed", "isolation", "owner", "readonly", "scope")

    def __init__(self, engine: Engine, isolation: Isolation | None = None, readonly: bool = False) -> None:
        self.engine = engine
        self.isolation = isolation
        self.readonly = readonly
        self.owner = asyncio.current_task()
        self.closed = False
        self.after: list[AfterCommit] = []
        self.scope: Scope | None = None
        self._savepoint_id = 0
        self._committed = self._rolled_back = False
        self._outer = engine.own_transaction()
        self._parent = self._outer

    async def __aenter__(self) -> Transaction:
        if self._parent is not None:
            self.connection = self._parent.connection
            self.transaction = self.connection.transaction()
            await self.transaction.start()
            return self
        self.connection = await self.get_connection()
        try:
            self.transaction = self.connection.transaction(isolation=self.isolation, readonly=self.readonly)
            await self.transaction.start()
        except BaseException:
            await self._give_back(in_doubt=True)
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def get_connection(self) -> Any:
        """A connection from the pool within POOL_WAIT_SECONDS, else `PoolBusy`."""
        if self.engine.pool is None:
            return await self.engine.get_new_connection()
        try:
            return await self.engine.pool.acquire(timeout=POOL_WAIT_SECONDS)
        except TimeoutError as error:
            raise PoolBusy("every connection is in use") from error

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> Literal[False]:
        if self._parent is not None:
            await self._leave_savepoint(kind is not None)
            return False
        in_doubt = True
        try:
            if kind is not None:
                await self._undo()
            else:
                await self._keep()
            in_doubt = False
        except asyncpg.IntegrityConstraintViolationError:
            await self._undo()
            in_doubt = False
            raise
        finally:
            self.closed = True
            self.engine.current_transaction.reset(self.context)
            await asyncio.shield(self._give_back(in_doubt))
        if kind is None:
            for call in self.after:
                await call()
        return False

    async def _leave_savepoint(self, failed: bool) -> None:
        if failed:
            await self.transaction.rollback()
        else:
            await self.transaction.commit()

    async def _keep(self) -> None:
        if self._committed or self._rolled_back:
            return
        # Deferred constraints speak now, while the transaction can still be rolled back and the connection kept.
        await self.connection.execute("set constraints all immediate")
        await self.transaction.commit()
        self._committed = True

    async def _undo(self) -> None:
        if not self._committed and not self._rolled_back and not self.connection.is_closed():
            await self.transaction.rollback()
            self._rolled_back = True

    async def _give_back(self, in_doubt: bool) -> None:
        if in_doubt and not self.connection.is_closed():
            self.connection.terminate()
        if self.engine.pool is not None:
            await self.engine.pool.release(self.connection)
        elif not self.connection.is_closed():
            await self.connection.close()

    def after_commit(self, call: AfterCommit) -> None:
        """Run `call` once the outermost transaction is committed; not at all if it is rolled back."""
        (self._outer or self).after.append(call)


class Engine(PostgresEngine):
    """Piccolo's engine with mended transactions; the version is looked at when the pool starts, not at import."""

    async def check_version(self) -> None:
        """Piccolo connects at import to look at the version; we look when the pool starts (`require_safe`)."""

    def own_transaction(self) -> Transaction | None:
        """The open transaction of this very task; `ForeignTask` when a child task reaches for its parent's."""
        current = self.current_transaction.get()
        if not isinstance(current, Transaction) or current.closed:
            return None
        if current.owner is not asyncio.current_task():
            raise ForeignTask("a query from a child task inside an open transaction")
        return current

    def transaction(
        self, allow_nested: bool = True, *, isolation: Isolation | None = None, readonly: bool = False
    ) -> Transaction:
        return Transaction(self, isolation, readonly)

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:
        sql, values = querystring.compile_string(engine_type=self.engine_type)
        return await self.fetch(sql, *values)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:
        return await self.fetch(ddl)

    async def fetch(self, sql: str, *values: Any) -> Any:
        """Rows of one statement, on the open transaction if there is one."""
        transaction = self.own_transaction()
        if transaction is not None:
            return await transaction.connection.fetch(sql, *values)
        if self.pool is None:
            return await self._run_in_new_connection(sql, values)
        try:
            connection = await self.pool.acquire(timeout=POOL_WAIT_SECONDS)
        except TimeoutError as error:
            raise PoolBusy("every connection is in use") from error
        try:
            return await connection.fetch(sql, *values)
        finally:
            await self.pool.release(connection)

    async def fetch_row(self, sql: str, *values: Any) -> Any:
        """The first row of one statement or None."""
        rows: Sequence[Any] = await self.fetch(sql, *values)
        return rows[0] if rows else None

    async def fetch_value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row or None."""
        row = await self.fetch_row(sql, *values)
        return row[0] if row is not None else None

    async def run_script(self, sql: str) -> None:
        """Several statements at once (migrations); needs an open transaction."""
        transaction = self.own_transaction()
        if transaction is None:
            raise Unscoped("a script runs inside a transaction")
        await transaction.connection.execute(sql)

    async def open_pool(self, low: int = 2, high: int = 10) -> None:
        """Start the pool with the time limits of P24."""
        await self.start_connection_pool(min_size=low, max_size=high, server_settings=SERVER_SETTINGS)


DB = Engine(config={"dsn": settings().database_url})


@asynccontextmanager
async def scoped(
    scope: Scope, *, readonly: bool = False, isolation: Isolation | None = None
) -> AsyncIterator[Transaction]:
    """One transaction that sees what `scope` may see. Refuses (`Unscoped`) to open inside another one."""
    if DB.own_transaction() is not None:
        raise Unscoped("a scope is set once, by the outermost transaction")
    async with DB.transaction(isolation=isolation, readonly=readonly) as transaction:
        transaction.scope = scope
        await transaction.connection.fetchrow(SET_SCOPE, *scope.settings())
        yield transaction


def current_scope() -> Scope:
    """The scope of the open transaction; refuses (`Unscoped`) where there is none."""
    transaction = DB.own_transaction()
    if transaction is None or transaction.scope is None:
        raise Unscoped("no scoped transaction is open")
    return transaction.scope


def after_commit(call: AfterCommit) -> None:
    """Run `call` once the open transaction is committed."""
    transaction = DB.own_transaction()
    if transaction is None:
        raise Unscoped("no transaction is open")
    transaction.after_commit(call)


async def atomically(
    verb: Callable[[], Awaitable[Result]],
    scope: Scope,
    *,
    isolation: Isolation | None = None,
    attempts: int = 4,
) -> Result:
    """Run `verb` in one scoped transaction; a serialization failure or deadlock is tried again, at most 3 times."""
    for attempt in range(attempts):
        try:
            async with scoped(scope, isolation=isolation):
                return await verb()
        except RETRYABLE:
            if attempt == attempts - 1:
                raise
            await asyncio.sleep(random.random() * 0.02 * 2**attempt)
    raise AssertionError("unreachable")


UNSAFE = """
select array_remove(array[
    case when rolsuper then 'the app role is a superuser' end,
    case when rolbypassrls then 'the app role bypasses row-level security' end,
    case when exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                      where n.nspname = 'public' and c.relowner = r.oid) then 'the app role owns tables' end,
    case when current_setting('server_version_num')::int < 150000 then 'PostgreSQL is older than 15' end,
    case when demanded and current_setting('fsync') <> 'on' then 'fsync is off' end,
    case when demanded and current_setting('full_page_writes') <> 'on' then 'full_page_writes is off' end,
    case when demanded and current_setting('synchronous_commit') = 'off' then 'synchronous_commit is off' end,
    case when $2 and (select shift from business_clock) <> interval '0'
         then 'the business clock is moved' end
], null) from pg_roles r,
    -- Only the launcher's own test cluster, on its unix socket, may be asked to forget.
    lateral (select $1 or current_setting('cluster_name') <> $3 or inet_server_addr() is not null as demanded) d
where rolname = current_user
"""


class Unsafe(SettingsError):
    """The database would not keep its promises: the app refuses to start."""


async def require_safe(*, durable: bool, real_clock: bool) -> None:
    """Refuse to start on a database that cannot keep P1–P28: superuser, owner, no fsync, moved clock in production."""
    faults: list[str] = await DB.fetch_value(UNSAFE, durable, real_clock, FORGETFUL_NAME)
    if faults:
        raise Unsafe("; ".join(faults))
