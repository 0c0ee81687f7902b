"""Named settings: files of the same keys as ``pipeline.toml``, for an aim one often has.

::

    NAME or path -> find (built in here, or the user's own folder) -> toml_file (read) -> Preset
                                                                                            v
                 config: what was said explicitly wins over it, and it over the defaults
"""
