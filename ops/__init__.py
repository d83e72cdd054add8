"""Everything about operating: the management endpoints and who may call them."""
