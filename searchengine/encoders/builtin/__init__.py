"""The built-in model: weights, configuration and model card of a small CLIP that needs no download."""
