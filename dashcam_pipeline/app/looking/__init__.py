"""Looking at recordings: facts, thumbnails, one moment before and after, a few seconds of it.

::

    client (of the server) --asks, cancels--> process (a child) -> renderer: one ask at a time
           <--parts, answers, errors---------'                        v
                                       scene: a recording that was looked at, kept for the next ask
                                       moments: its frames up to a time
                                       networks: opened once, and what they answered
                                       clip: some seconds as two videos

It is done in a child process: a recording that crashes its decoder takes down what looks at it, and
never the page; and the server itself starts without codecs and networks.
"""
