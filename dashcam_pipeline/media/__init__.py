"""Reading and writing recordings: containers, codecs, colour, tracks that travel along.

::

    file -> opening -> packets -> decoder -> framing -> Frame          reader puts these together
                      (timeline)  (hardware)  (planes, color, timing, window)
                          '-> carried: packets of the other tracks

    Frame -> encoding -> carried tracks beside it -> part_file -> file   writer, likewise
             (encoders)  (destination, metadata)     (inventory: is all of it there?)

    atomic: a file by itself -> claim: a set of them -> part_file -> renaming -> whole, or nothing

    packets, pictures, header of source and file -> side_data -> what got lost
             (nal, messages, mp4_index, chroma_place; track_ids numbers tracks)

    file -> describe -> source: facts; probe: facts and health; extent: is all of it there?
    Frame -> segments -> joiner -> writer                              survives a power cut

Both ways read ``containers``, the one table of what is particular about each.

Two rules hold everywhere. Times are whole ticks of the source's own clock and never computed from
a frame rate. And what can't be kept is counted or named, in ``frame_counts`` or ``write_report``.

Decoding runs in the process that iterates a ``Reader``. Nothing here shares state between readers
and writers but the items themselves, so that a reader may run in a child process.
"""
