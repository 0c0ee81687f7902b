"""Pictures to train on: where they lie, and of what kind they are."""
