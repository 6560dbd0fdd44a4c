"""Recipes, the composer of exactly 100.00 yuan, and a household's package from its draft to its payment."""
