"""Who is known: the folder of a gallery, what is in it, how it is searched and forgotten."""
