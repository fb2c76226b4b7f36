import JSONCore

/// What the keys of `config.json` are to kibble.
///
/// A key that is in none of the lists may mean anything, so the user hears of it.
enum ConfigKeys {
  /// Keys that say how the model computes, and that `DogeConfig` reads.
  static let read: Set<String> = [
    "model_type", "architectures", "vocab_size", "hidden_size", "intermediate_size",
    "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
    "max_position_embeddings", "original_max_position_embeddings", "keep_window_size",
    "sliding_window", "hidden_bias", "attention_bias", "mlp_bias", "rms_norm_eps", "hidden_act",
    "is_moe", "num_experts", "num_experts_per_tok", "rope_theta", "rope_scaling",
    "rope_parameters", "partial_rotary_factor", "tie_word_embeddings", "dynamic_mask_ratio",
    "is_causal", "num_inner_values", "quantization_config", "bos_token_id", "eos_token_id",
    "pad_token_id",
  ]

  /// Keys that change no logits: of training, of Doge's earlier code, of transformers' own affairs.
  static let dead: Set<String> = [
    // Training.
    "attention_dropout", "hidden_dropout", "initializer_range", "output_router_logits",
    "router_aux_loss_coef", "use_cache", "gradient_checkpointing", "pretraining_tp",
    // A division by a sum that is 1.
    "norm_topk_prob",
    // Sizes of experts that no layout has any more; published files still carry them.
    "num_cdmmoe_experts", "num_cdmmoe_heads", "num_cdmmoe_experts_per_head", "num_cdmoe_experts",
    "num_cdmoe_heads", "num_cdmoe_experts_per_head", "expert_retrieval_size",
    "private_expert_retrieval_size", "private_expert_intermediate_size",
    "cross_domain_intermediate_size",
    // Images, which only early drafts of Doge knew.
    "num_channels", "patch_size", "image_size",
    // Where the file comes from, and what reads it.
    "_name_or_path", "name_or_path", "_commit_hash", "auto_map", "torch_dtype", "dtype",
    "transformers_version", "tokenizer_class", "model_max_length", "unsloth_version",
    "unsloth_fixed", "_attn_implementation", "attn_implementation",
    "_attn_implementation_autoset", "_attn_implementation_internal", "torchscript",
    "use_bfloat16", "tf_legacy_loss", "return_dict", "use_return_dict", "output_attentions",
    "output_hidden_states", "pruned_heads", "chunk_size_feed_forward", "is_decoder",
    "is_encoder_decoder", "add_cross_attention", "cross_attention_hidden_size",
    "tie_encoder_decoder", "decoder_start_token_id", "sep_token_id", "prefix",
    // Classifiers.
    "finetuning_task", "task_specific_params", "problem_type", "num_labels", "id2label",
    "label2id", "classifier_dropout",
    // Generation, which generation_config.json sets now.
    "max_length", "min_length", "max_new_tokens", "do_sample", "early_stopping", "num_beams",
    "num_beam_groups", "diversity_penalty", "temperature", "top_k", "top_p", "typical_p",
    "repetition_penalty", "length_penalty", "no_repeat_ngram_size",
    "encoder_no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "output_scores",
    "return_dict_in_generate", "forced_bos_token_id", "forced_eos_token_id",
    "remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens",
    "begin_suppress_tokens",
  ]

  /// Keys of models that compute in another way, and the values with which they say nothing.
  ///
  /// No Doge that kibble reads has them.
  static let foreign: [String: [JSON]] = [
    "alibi": [false], "use_alibi": [false], "parallel_attn": [false],
    "use_parallel_residual": [false], "scale_embedding": [false], "normalize_embedding": [false],
    "attn_logit_softcapping": [0], "final_logit_softcapping": [0], "logit_softcapping": [0],
    "clip_qkv": [], "query_pre_attn_scalar": [], "attention_chunk_size": [],
    "embedding_multiplier": [1], "residual_multiplier": [1], "attention_multiplier": [],
    "logits_scaling": [1], "logit_scale": [1], "lm_head_multiplier": [1], "scale_emb": [1],
    "scale_depth": [], "mlp_scaling": [1], "moe_scaling": [1], "routed_scaling_factor": [1],
    "no_rope_layers": [[]], "no_rope_layer_interval": [0], "rope_interleave": [false],
    "first_k_dense_replace": [0], "mlp_only_layers": [[]], "decoder_sparse_step": [1],
    "n_shared_experts": [0], "num_nextn_predict_layers": [0], "layernorm_zero_centered": [false],
  ]

  /// The keys of a file that are in none of the lists, in its order.
  static func unknown(in object: JSONObject) -> [String] {
    object.members.map(\.key).filter {
      !read.contains($0) && !dead.contains($0) && foreign[$0] == nil && $0 != windowSize
    }
  }

  /// The key by which flash-dmattn's code of late 2025 spells `keep_window_size`.
  static let windowSize = "window_size"

  /// Notes what says that the model computes in a way that kibble does not know.
  static func refuseForeign(from reader: inout ConfigReader) {
    if reader.value(windowSize) != nil { reader.report(.flashDynamicMask) }
    for key in reader.object.keys {
      guard let neutral = foreign[key], let value = reader.value(key) else { continue }
      let isNeutral = neutral.contains { $0 == value || isNumber($0, equalTo: value) }
      if !isNeutral { reader.report(.foreignMathematics(key: key, value: shown(value))) }
    }
    let layerTypes = reader.value("layer_types")?.arrayValue ?? []
    if let first = layerTypes.first, let other = layerTypes.first(where: { $0 != first }) {
      reader.report(.foreignMathematics(key: "layer_types", value: shown(other)))
    }
  }

  private static func isNumber(_ value: JSON, equalTo other: JSON) -> Bool {
    guard let value = value.doubleValue, let other = other.doubleValue else { return false }
    return value == other
  }
}
