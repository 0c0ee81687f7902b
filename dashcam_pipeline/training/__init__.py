"""Making weights: data, synthesis, models, trainers, export, evaluation (extra ``train``)."""
