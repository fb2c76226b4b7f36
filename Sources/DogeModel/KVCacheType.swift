/// What attention keeps keys and values in; the raw value is its name on the command line.
public enum KVCacheType: String, CaseIterable, Sendable {
  case f32
  case f16
  /// Codes of eight bits with a scale per head and token, and attention in integer products.
  case int8
}
