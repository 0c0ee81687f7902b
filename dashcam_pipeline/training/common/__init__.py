"""What trainings of all kinds share: run folders, curves, export, precision, model cards."""
