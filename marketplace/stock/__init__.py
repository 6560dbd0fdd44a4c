"""Where each package is, and which may be sold: movements append-only, first expired is first reserved."""
