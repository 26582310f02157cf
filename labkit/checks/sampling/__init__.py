"""The cases of the scorecard, by subject. Their source is client/sampling of the specification."""
