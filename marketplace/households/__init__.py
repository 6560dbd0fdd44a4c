"""The register: households, members, status history, kin, proxies and cards, seen only by those in scope."""
