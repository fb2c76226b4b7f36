// The standard library has these beside its regular expressions, which a static program that never
// uses one would carry along: more than a megabyte.

extension StringProtocol {
  /// Where a text first occurs.
  package func firstIndex(ofText text: String) -> Index? {
    indices.first { self[$0...].hasPrefix(text) }
  }

  /// Whether a text occurs.
  package func contains(text: String) -> Bool { firstIndex(ofText: text) != nil }
}
