"""LightGBM's parameters by what `causalgreen.lightgbm` does with them."""

__all__ = [
    "CONSTANT", "ELSEWHERE", "LATER", "NAMED", "OBJECTIVES", "OWNED", "SQUARED",
]  # fmt: skip

# Arguments of cg.lightgbm by LightGBM's own names, all of which have aliases.
NAMED = {
    "learning_rate": "learning_rate", "num_leaves": "num_leaves", "max_bin": "max_bin",
    "min_data_in_leaf": "min_child_samples", "extra_trees": "extra_trees",
    "linear_tree": "linear_tree",
}  # fmt: skip
OWNED = {
    "num_threads", "n_jobs", "seed", "random_state", "num_iterations", "n_estimators",
    "early_stopping_round", "early_stopping_min_delta", "data_random_seed", "bagging_seed",
    "feature_fraction_seed", "drop_seed", "extra_seed", "objective_seed", "machines",
    "num_machines", "machine_list_filename", "local_listen_port", "time_out", "tree_learner",
}  # fmt: skip
# Of LightGBM's command line, of its files, and of predictions that are not made here.
ELSEWHERE = {
    "config", "convert_model", "convert_model_language", "data", "eval_at", "first_metric_only",
    "group_column", "header", "ignore_column", "input_model", "is_provide_training_metric",
    "label_column", "metric_freq", "num_iteration_predict", "output_model", "output_result",
    "parser_config_file", "pre_partition", "precise_float_parser", "pred_early_stop",
    "pred_early_stop_freq", "pred_early_stop_margin", "predict_contrib",
    "predict_disable_shape_check", "predict_leaf_index", "predict_raw_score", "refit_decay_rate",
    "save_binary", "saved_feature_importance_type", "snapshot_freq", "start_iteration_predict",
    "task", "two_round", "valid", "weight_column",
}  # fmt: skip
# Of objectives that are no conditional mean, or not of numbers on both sides of zero.
OBJECTIVES = {
    "alpha", "auc_mu_weights", "bagging_by_query", "fair_c", "is_unbalance", "label_gain",
    "lambdarank_norm", "lambdarank_position_bias_regularization", "lambdarank_truncation_level",
    "multi_error_top_k", "neg_bagging_fraction", "num_class", "poisson_max_delta_step",
    "pos_bagging_fraction", "reg_sqrt", "scale_pos_weight", "sigmoid", "tweedie_variance_power",
}  # fmt: skip
# What depends on the features of the panel, or on the machine that does the work.
LATER = {
    "categorical_feature", "cegb_penalty_feature_coupled", "cegb_penalty_feature_lazy",
    "device_type", "feature_contri", "forcedbins_filename", "forcedsplits_filename",
    "gpu_device_id", "gpu_device_id_list", "gpu_platform_id", "gpu_use_dp",
    "interaction_constraints", "max_bin_by_feature", "monotone_constraints", "num_gpu",
}  # fmt: skip
# What lines in leaves do not keep, or cannot be used with.
CONSTANT = {
    "categorical_feature": "features are bounded, and have no categories any more",
    "device_type": "lines in leaves are fitted by the processor alone",
    "forcedbins_filename": "features are bounded, and have other units than in the file",
    "forcedsplits_filename": "features are bounded, and have other units than in the file",
    "monotone_constraints": "lines in leaves need not be monotone",
    "use_quantized_grad": "lines in leaves are fitted to gradients as they are",
    "zero_as_missing": "features are centred, and zero is a value like others",
}
SQUARED = {
    "regression", "regression_l2", "l2", "mean_squared_error", "mse", "l2_root",
    "root_mean_squared_error", "rmse",
}  # fmt: skip
