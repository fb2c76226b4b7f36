/// The normalization forms of Unicode Standard Annex #15.
public enum NormalizationForm: String, Sendable, CaseIterable {
  case nfc, nfd, nfkc, nfkd

  /// Whether pairs are composed where they can be.
  var composes: Bool { self == .nfc || self == .nfkc }
  /// Whether compatibility mappings are taken, too.
  var isCompatibility: Bool { self == .nfkc || self == .nfkd }
}
