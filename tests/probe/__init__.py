"""A service of two tables, with which the kernel is tested apart from any business."""
