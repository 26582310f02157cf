"""The course as data, and how far a student has come in it. Knows the core of the kit alone."""
