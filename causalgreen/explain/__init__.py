"""For whom: what a surface says about groups of firms, and whether it can be believed."""
