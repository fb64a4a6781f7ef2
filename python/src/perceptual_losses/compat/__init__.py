"""The names, defaults and values of other packages: `compat.piq` and `compat.torchmetrics`."""
