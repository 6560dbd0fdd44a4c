"""Double entry for any unit: one row holds both legs, floors hold, nothing posted is changed, a reversal is made once."""
