"""The stage ``glare``: from a network's layers of light to frames without them."""
