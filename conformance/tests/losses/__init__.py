"""What the losses do: options, targets, dtypes, errors."""
