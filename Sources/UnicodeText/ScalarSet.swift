/// A set of Unicode scalars: a union of general categories and a few single scalars.
///
/// The categories are those of Unicode 16.0, as the `tokenizers` library's regular expressions
/// know them, whatever version the standard library of the platform has.
public struct ScalarSet: Sendable {
  /// A bit for each category, in the order of `CategoryTable`.
  var categories: UInt32
  /// Ranges, as first and last scalars, that belong to the set whatever their categories.
  var additions: [UInt32] = []
  /// Ranges, as first and last scalars, that don't belong to the set otherwise.
  var removals: [UInt32] = []

  /// Letters: `\p{L}`.
  public static let letters = ScalarSet(categories: 0x0000_001F)
  /// Marks: `\p{M}`.
  public static let marks = ScalarSet(categories: 0x0000_00E0)
  /// Numbers: `\p{N}`.
  public static let numbers = ScalarSet(categories: 0x0000_0700)
  /// Numbers as Rust's `char::is_numeric` knows them, which is a version of Unicode ahead.
  public static let numerics = ScalarSet(
    categories: 0x0000_0700, additions: [0x11DE0, 0x11DE9, 0x16FF4, 0x16FF6])
  /// Decimal digits: `\p{Nd}`.
  public static let decimalDigits = ScalarSet(categories: 0x0000_0100)
  /// White space: the property White_Space, Rust's `char::is_whitespace`.
  public static let whiteSpace = ScalarSet(categories: 0x41C0_0000)
  /// What words consist of in Rust's regular expressions: alphabetic scalars, marks, decimal
  /// digits, connector punctuation and join controls.
  public static let wordScalars = ScalarSet(
    categories: 0x8000_0BFF, additions: [0x200C, 0x200D])
  /// What the `Punctuation` pre-tokenizer of the `tokenizers` library takes for punctuation: all
  /// of ASCII's, and the general category P of an old version of Unicode.
  public static let punctuation = ScalarSet(
    categories: 0x0003_F800,
    additions: [0x21, 0x2F, 0x3A, 0x40, 0x5B, 0x60, 0x7B, 0x7E]
      + CategoryTable.addedPunctuation.bounds,
    removals: CategoryTable.missingPunctuation.bounds)

  /// Whether a scalar belongs to the set.
  public func contains(_ scalar: Unicode.Scalar) -> Bool { contains(scalar.value) }

  /// Whether a scalar belongs to the set; `scalar` is at most U+10FFFF.
  package func contains(_ scalar: UInt32) -> Bool {
    if holds(additions, scalar) { return true }
    return categories & CategoryTable.shared.bit(of: scalar) != 0 && !holds(removals, scalar)
  }

  private func holds(_ bounds: [UInt32], _ scalar: UInt32) -> Bool {
    var index = 0
    while index < bounds.count {
      if scalar < bounds[index] { return false }
      if scalar <= bounds[index + 1] { return true }
      index += 2
    }
    return false
  }
}
