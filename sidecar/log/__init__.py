"""Lines that tell what happens: how they look, and how they leave the process without anybody waiting for it."""
