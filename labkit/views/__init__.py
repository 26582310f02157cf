"""The views of a notebook, to look at and to handle: widgets over the same Labs and flows that plain code uses."""
