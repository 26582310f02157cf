"""Who answers: each model is a sampling callback."""
