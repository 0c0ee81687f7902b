"""Networks at run time: the model manifest and ONNX Runtime sessions."""
