"""What a plug-in looks like whose own dependency is missing."""

import a_library_that_nobody_has  # noqa: F401 - it must fail
