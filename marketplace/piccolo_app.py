"""The marketplace wing as Piccolo sees it: its tables, in walking order, and where its migrations are."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from marketplace.accounts.tables import RoleGrant, User, WebSession
from marketplace.cash.tables import CashCount, CashEntry, Drawer, DrawerDay
from marketplace.households.tables import Card, Household, HouseholdStatus, KinLink, Member, Proxy, Resident
from marketplace.income.tables import IncomeEntry, IncomeLine
from marketplace.intake.tables import (
    Acceptance,
    Inspection,
    IntakeDay,
    Payout,
    Reversal,
    SendBack,
    VoucherCounter,
)
from marketplace.journal.tables import AuditLine, Command, SealEntry
from marketplace.ledger.tables import LedgerAccount, Transfer
from marketplace.orders.tables import Handover, OrderEvent, OrderLine, SalesOrder
from marketplace.packages.tables import Package, PackageLine, Recipe, RecipeLine
from marketplace.payments.tables import Payment
from marketplace.places.tables import Place, Village, VillageGroup
from marketplace.produce.tables import PriceLine, PriceList, PricePart, Product, RetailPrice
from marketplace.stock.tables import Offer, StockMovement, StockUnit

TABLES = [
    Command, AuditLine, SealEntry,
    Village, VillageGroup, Place,
    User, RoleGrant, WebSession,
    Household, Member, HouseholdStatus, KinLink, Proxy, Card, Resident,
    Product, PriceList, PriceLine, RetailPrice, PricePart,
    LedgerAccount, Transfer,
    IncomeEntry, IncomeLine,
    Drawer, DrawerDay, CashCount, CashEntry,
    Recipe, RecipeLine, Package, PackageLine,
    Offer, StockUnit, StockMovement,
    IntakeDay, Inspection, SendBack, VoucherCounter, Payout, Acceptance, Reversal,
    Payment,
    SalesOrder, OrderLine, OrderEvent, Handover,
]  # fmt: skip

APP_CONFIG = AppConfig(
    app_name="marketplace",
    migrations_folder_path=str(Path(__file__).parent.parent / "migrations" / "marketplace"),
    table_classes=TABLES,
    migration_dependencies=[],
)
