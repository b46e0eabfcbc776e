"""Per-firm moments of the residuals, and the path system solved from them."""
