import DogeArchitecture
import JSONCore
import Testing

/// Whole files as they are published, one of each era.
@Suite struct PublishedConfigTests {
  @Test func oldNamesDense() throws {
    let config = try DogeConfig(
      json: JSON.parse(
        """
        {
          "architectures": ["DogeForCausalLM"], "attention_dropout": 0.0,
          "auto_map": {
            "AutoConfig": "configuration_doge.DogeConfig",
            "AutoModelForCausalLM": "modeling_doge.DogeForCausalLM"
          },
          "bos_token_id": 0, "dynamic_mask_ratio": 0.0, "eos_token_id": 1,
          "expert_retrieval_size": 64, "hidden_act": "silu", "hidden_bias": false,
          "hidden_dropout": 0.0, "hidden_size": 256, "initializer_range": 0.02,
          "intermediate_size": 512, "is_moe": false, "max_position_embeddings": 2048,
          "model_type": "doge", "num_attention_heads": 2, "num_cdmmoe_experts": 4096,
          "num_cdmmoe_experts_per_head": 8, "num_cdmmoe_heads": 4, "num_cdmoe_experts": 16348,
          "num_cdmoe_experts_per_head": 8, "num_cdmoe_heads": 4, "num_hidden_layers": 8,
          "num_key_value_heads": 1, "pad_token_id": 2, "rms_norm_eps": 1e-06,
          "rope_scaling": {
            "factor": 4.0, "original_max_position_embeddings": 2048, "rope_type": "dynamic"
          },
          "rope_theta": 10000.0, "torch_dtype": "float32", "transformers_version": "4.48.1",
          "use_cache": true, "vocab_size": 32768
        }
        """))
    #expect(config.headDimension == 128)
    #expect(config.keepWindowSize == 2048)
    #expect(config.tiesEmbeddings == nil)
    #expect(config.experts == nil)
    #expect(config.rope == RotaryParameters(theta: 10000, scaling: .dynamic(factor: 4)))
    #expect(config.padTokenIDs == [2])
  }

  @Test func currentMixtureOfExperts() throws {
    let config = try DogeConfig(
      json: JSON.parse(
        """
        {
          "architectures": ["DogeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
          "bos_token_id": 128000, "dtype": "bfloat16", "eos_token_id": 128001, "head_dim": 128,
          "hidden_act": "silu", "hidden_dropout": 0.0, "hidden_size": 512,
          "initializer_range": 0.02, "intermediate_size": 1536, "is_moe": true,
          "keep_window_size": 2048, "max_position_embeddings": 2048, "mlp_bias": false,
          "model_type": "doge", "norm_topk_prob": false, "num_attention_heads": 4,
          "num_experts": 4096, "num_experts_per_tok": 16, "num_hidden_layers": 16,
          "num_key_value_heads": 2, "output_router_logits": false, "pad_token_id": 128001,
          "rms_norm_eps": 1e-06,
          "rope_parameters": {"rope_theta": 10000.0, "rope_type": "default"},
          "router_aux_loss_coef": 0.001, "sliding_window": null, "tie_word_embeddings": true,
          "transformers_version": "5.23.0", "use_cache": true, "vocab_size": 128256
        }
        """))
    #expect(config.experts?.keyCount == 64)
    #expect(config.experts?.perToken == 16)
    #expect(config.tiesEmbeddings == true)
    #expect(config.rope == RotaryParameters(theta: 10000))
  }

  @Test func doge2() throws {
    let config = try DogeConfig(
      json: JSON.parse(
        """
        {
          "architectures": ["Doge2ForCausalLM"], "attention_bias": false,
          "attention_dropout": 0.0, "bos_token_id": null, "dynamic_mask_ratio": 0.0,
          "eos_token_id": 2, "hidden_act": "silu", "hidden_dropout": 0.0, "hidden_size": 576,
          "initializer_range": 0.02, "intermediate_size": 1536, "is_moe": true,
          "keep_window_size": 2048, "max_position_embeddings": 2048, "model_type": "doge2",
          "num_attention_heads": 9, "num_experts": 900, "num_experts_per_tok": 30,
          "num_hidden_layers": 30, "num_key_value_heads": 3, "pad_token_id": 0,
          "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0,
          "tie_word_embeddings": false, "torch_dtype": "float32",
          "transformers_version": "4.51.3", "use_cache": true, "vocab_size": 32768
        }
        """))
    #expect(config.family == .doge2)
    #expect(config.headDimension == 64)
    #expect(config.experts?.keyCount == 30)
    #expect(config.bosTokenIDs == [])
  }
}
