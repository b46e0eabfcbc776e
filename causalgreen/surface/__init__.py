"""Effects of every path for every firm: forests, projections, and estimators of EconML."""
