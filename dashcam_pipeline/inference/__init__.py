"""Networks at run time.

::

    manifest                what there is: file, sha256 (digest), sizes, licence
       v
    session   devices       ONNX Runtime on the device that was asked for; smaller batches rather
       v                    than none
    small pictures in -> network -> maps out      worksize: how small; light: one transfer function
"""
