"""Files into pixels, in processes that may crash, hang or grow."""
