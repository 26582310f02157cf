"""What plain code tells of a table, and what holds a model's sentences against it; nothing here asks a model."""
