"""Camera families."""
