"""The answerers: each model is a sampling callback."""
