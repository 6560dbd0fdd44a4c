"""Money in for any payable: a payable is captured once, whatever repeats."""
