"""A service of one table, with which the kernel is tested apart from any business."""
