"""Desks that look over everything: reconcile, jobs."""
