# A causal forest of the R package grf on rows whose firm and year means were removed.
# Rscript grf_paths.R table.csv trees seed
# Prints one line: grf,<estimate>,<standard error>. The treatment is continuous, so that
# average_treatment_effect is the average partial effect; both know the clusters.
library(grf)
asked <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(asked[1])
features <- setdiff(names(rows), c("outcome", "treatment", "cluster"))
forest <- causal_forest(
  X = as.matrix(rows[, features]), Y = rows$outcome, W = rows$treatment,
  clusters = rows$cluster, num.trees = as.integer(asked[2]), seed = as.integer(asked[3]),
  num.threads = 1
)
average <- average_treatment_effect(forest)
cat(sprintf("grf,%.10g,%.10g\n", average[["estimate"]], average[["std.err"]]))
