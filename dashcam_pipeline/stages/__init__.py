"""The stages of the chain, their contract and their registry."""
