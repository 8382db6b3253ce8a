"""Small models of every kind that open_clip has, with random weights, in its local layout."""

import json

PREPROCESS = {"mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28]}

VISION = {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8, "head_width": 32}
TEXT = {"context_length": 20, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1}

CLIP = {"embed_dim": 48, "vision_cfg": VISION, "text_cfg": TEXT}
# PE-Core and others: the text tower is a module of its own, causal as CLIP's is.
CUSTOM_TEXT = {**CLIP, "custom_text": True}
# MobileCLIP2-S0: no causal mask. Its image tower has batch normalisation, as here.
MOBILE_CLIP = {
    "embed_dim": 48,
    "vision_cfg": {
        "timm_model_name": "test_efficientnet",
        "timm_model_pretrained": False,
        "timm_pool": "avg",
        "timm_proj": "linear",
        "image_size": 64,
    },
    "text_cfg": {**TEXT, "no_causal_mask": True},
    "custom_text": True,
}
# SigLIP: no mask, read at the last position, a bias on the logits.
SIGLIP = {
    "embed_dim": 64,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": VISION,
    "text_cfg": {
        **TEXT,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
        "norm_kwargs": {"eps": 1e-6},
        "act_kwargs": {"approximate": "tanh"},
    },
}
# CoCa: a class token after the text, attentional pooling of the picture.
COCA = {
    "embed_dim": 64,  # the decoder takes the picture's as the texts'
    "custom_text": True,
    "vision_cfg": {
        **VISION,
        "attentional_pool": True,
        "attn_pooler_heads": 2,
        "attn_pooler_queries": 8,
        "output_tokens": True,
    },
    "text_cfg": {**TEXT, "embed_cls": True, "output_tokens": True},
    "multimodal_cfg": {**TEXT, "attn_pooler_heads": 2},
}


def module(config, seed=0):
    """The model, in memory."""
    import torch
    from open_clip import model as kinds
    from open_clip.coca_model import CoCa

    torch.manual_seed(seed)
    arguments = {key: value for key, value in config.items() if key != "custom_text"}
    kind = (
        CoCa
        if "multimodal_cfg" in config
        else kinds.CustomTextCLIP
        if config.get("custom_text")
        else kinds.CLIP
    )
    made = kind(**arguments)
    for layer in made.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):  # as if it had seen pictures
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return made.eval()


def write(folder, config, *, half=False, seed=0, preprocess=None):
    """The model's folder: config and weights."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    weights = module(config, seed).state_dict()
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "open_clip_model.safetensors")
    whole = {"model_cfg": config, "preprocess_cfg": preprocess or PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(whole), encoding="utf-8")
    return folder
