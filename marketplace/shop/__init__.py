"""Public pages: the market, a package, the basket, check-out, my orders."""
