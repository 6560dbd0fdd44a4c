"""Double entry for any unit: one row holds both legs, floors hold, nothing posted changes, a reversal is made once."""
