"""Piccolo looks for its engine and apps here. Marketplace stands before points: its migrations run first."""

from piccolo.conf.apps import AppRegistry

from marketplace.db import DB

__all__ = ["APP_REGISTRY", "DB"]

APP_REGISTRY = AppRegistry(apps=["marketplace.piccolo_app"])
