"""What can be asked for.

::

    pages: the page itself, its parts, and what reports show  ->  files
    looking: folders, thumbnails, one moment, a clip          ->  JSON, JPEG, lines of JSON
    jobs: the queue, and what happens in it                   ->  JSON, server-sent events
    results: reports, checks, the folder on the desktop       ->  JSON

The guard has taken the token off the address before; see ``security``.
"""

from dashcam_pipeline.app.routes import jobs, looking, pages, results

ROUTES = [*pages.ROUTES, *looking.ROUTES, *jobs.ROUTES, *results.ROUTES]

__all__ = ["ROUTES"]
