"""Embeds the regions of pictures beside them, where that is asked for."""
