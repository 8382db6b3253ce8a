"""What open_clip calls the files of a model, in a folder as on the hub."""

CONFIG_FILE = "open_clip_config.json"
WEIGHTS_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""The first that is there."""
