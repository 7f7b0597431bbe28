"""How a loss is evaluated: tensors are brought over, read, folded into a formula's inputs, evaluated whole or in blocks, and reduced."""
