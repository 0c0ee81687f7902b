"""Training the weights of the stage ``glare``."""
