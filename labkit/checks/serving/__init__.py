"""The cases of the scorecard for servers, by subject."""
