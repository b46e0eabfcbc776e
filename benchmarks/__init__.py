"""Monte-Carlo and speed benchmarks of causalgreen beside its peers; not part of the package."""
