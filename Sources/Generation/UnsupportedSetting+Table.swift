import JSONCore

extension UnsupportedSetting {
  /// When a value of a setting changes nothing.
  private enum Neutral {
    /// Only where it is absent or null.
    case absent
    /// Where it is this number, too.
    case number(Double)
    /// Where it is any number from this one on, too.
    case from(Double)
    /// Where it is any number up to this one, too.
    case upTo(Double)
    /// Where it is false, too.
    case no

    func covers(_ value: JSON) -> Bool {
      switch self {
      case .absent: false
      case .number(let neutral): value.doubleValue == neutral
      case .from(let neutral): value.doubleValue.map { $0 >= neutral } ?? false
      case .upTo(let neutral): value.doubleValue.map { $0 <= neutral } ?? false
      case .no: value.boolValue == false
      }
    }
  }

  /// All settings of transformers 5.23 that change which tokens come out.
  ///
  /// Those of beam search have no effect without `num_beams`; those of assisted generation keep the
  /// result.
  private static let table: [(key: String, neutral: Neutral, mode: Mode)] = [
    ("num_beams", .upTo(1), .always),
    ("num_return_sequences", .upTo(1), .always),
    ("constraints", .absent, .always),
    ("force_words_ids", .absent, .always),
    ("penalty_alpha", .upTo(0), .greedy),
    ("dola_layers", .absent, .always),
    ("guidance_scale", .number(1), .always),
    ("sequence_bias", .absent, .always),
    ("encoder_repetition_penalty", .number(1), .always),
    ("no_repeat_ngram_size", .upTo(0), .always),
    ("encoder_no_repeat_ngram_size", .upTo(0), .always),
    ("bad_words_ids", .absent, .always),
    ("min_length", .upTo(0), .always),
    ("max_time", .absent, .always),
    ("forced_bos_token_id", .absent, .always),
    ("forced_eos_token_id", .absent, .always),
    ("exponential_decay_length_penalty", .absent, .always),
    ("suppress_tokens", .absent, .always),
    ("begin_suppress_tokens", .absent, .always),
    ("token_healing", .no, .always),
    ("watermarking_config", .absent, .always),
    ("top_h", .absent, .sampling),
    ("typical_p", .from(1), .sampling),
    ("epsilon_cutoff", .upTo(0), .sampling),
    ("eta_cutoff", .upTo(0), .sampling),
  ]

  /// The settings of a file that have an effect in transformers and none here.
  static func found(in object: JSONObject, of file: String) -> [UnsupportedSetting] {
    table.compactMap { key, neutral, mode in
      guard let value = object[key], !value.isNull, !neutral.covers(value) else { return nil }
      return UnsupportedSetting(
        setting: .key(key, file: file), value: shown(value), mode: mode)
    }
  }
}
