/// A JSON number, kept as it is spelled; from Python perhaps one that is not finite.
///
/// Two numbers are equal when their spellings are.
public struct JSONNumber: Equatable, Sendable {
  /// The number as in the text: digits, and perhaps a fraction and an exponent.
  public let text: String

  /// The value, where the number is spelled without fraction and exponent and fits an `Int`.
  ///
  /// `1.0` and `1e3` are no integers here: where a format asks for an integer, these are errors.
  public var integer: Int? { Int(text) }

  /// The nearest double, unless it is infinite.
  public var double: Double? {
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// Whether it is one of the numbers that only Python spells: `NaN` or an infinity.
  package var isNamed: Bool { text.utf8.last.map { $0 > UInt8(ascii: "9") } ?? false }

  /// The number of that spelling, which the scanner has checked.
  init(validated text: String) { self.text = text }

  /// An integer.
  public init(_ value: Int) { text = String(value) }

  /// A finite double in its shortest spelling; nil for NaN and the infinities.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    text = value.description
  }

  /// A finite float in its shortest spelling; nil for NaN and the infinities.
  public init?(_ value: Float) {
    guard value.isFinite else { return nil }
    text = value.description
  }
}
