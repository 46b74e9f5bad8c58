"""gaitheat: who walks here? Video -> pose heatmaps -> one embedding -> a name, or nobody I know."""

__version__ = "0.1.0"
