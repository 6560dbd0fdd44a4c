"""A customer's order: held by the business clock, placed, paid and handed over, or given back."""
