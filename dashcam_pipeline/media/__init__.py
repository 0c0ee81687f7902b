"""Reading and writing recordings: containers, codecs, colour, tracks that travel along."""
