"""What a notebook shows and lets you handle: widgets over the same Labs and flows that plain code uses."""
