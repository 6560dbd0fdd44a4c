"""Farm goods: units, steps, shelf life by season, certificate and licence flags; dated purchase price lists."""
