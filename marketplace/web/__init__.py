"""HTTP only: doors, visits, policies, sessions, forms, words. Knows no room but `accounts`, for its guards."""
