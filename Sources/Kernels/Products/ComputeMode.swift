/// How products with quantized matrices are computed.
public enum ComputeMode: String, CaseIterable, Sendable {
  /// In float32, with weights widened in the kernel.
  case exact
  /// With activations quantized to int8 in groups of 32, and integer sums within the groups.
  case fast
}
