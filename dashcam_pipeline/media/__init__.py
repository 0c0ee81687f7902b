"""Reading and writing recordings: containers, codecs, colour, tracks that travel along.

From a file to frames: ``opening`` (what may be opened, and what is said otherwise), ``describe``
and ``source`` (facts), ``probe`` (facts and health), ``decoder``, ``planes``, ``color``,
``timing``, ``seeking`` and ``window``, all put together by ``reader``.

From frames to a file: ``destination`` (which container, and which tracks it holds), ``encoders``,
``encoding``, ``lanes`` (carried tracks), ``metadata`` and ``partfile``, put together by
``writer``.

Both ways read ``containers``, the one table of what is particular about each.

Two rules hold everywhere. Times are whole ticks of the source's own clock and never computed from
a frame rate. And what can't be kept is counted or named, in ``counts`` or in ``written``.

Decoding runs in the process that iterates a ``Reader``. Nothing here shares state between readers
and writers but the items themselves, so that a reader may run in a child process.
"""
