/// An integer of more than 64 bits: it can be printed and compared, but not reckoned with.
struct LargeInteger: Hashable, Comparable, Sendable {
  let isNegative: Bool
  /// Without leading zeros.
  private let digits: String

  /// The integer that a text spells, unless it is none or fits 64 bits.
  ///
  /// - Parameter text: ASCII digits, perhaps with a sign.
  init?(_ text: some StringProtocol) {
    let sign = text.utf8.first
    isNegative = sign == UInt8(ascii: "-")
    let number = isNegative || sign == UInt8(ascii: "+") ? text.dropFirst() : text[...]
    guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    digits = String(number.drop { $0 == "0" })
    guard Int(description) == nil, !digits.isEmpty else { return nil }
  }

  /// As Python prints it.
  var description: String { (isNegative ? "-" : "") + digits }

  /// Its negative, which may fit 64 bits.
  var negative: Value {
    let text = isNegative ? digits : "-" + digits
    return Int(text).map(Value.int) ?? LargeInteger(text).map(Value.large) ?? .int(0)
  }

  static func < (left: LargeInteger, right: LargeInteger) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    let (less, more) = left.isNegative ? (right, left) : (left, right)
    return (less.digits.utf8.count, less.digits) < (more.digits.utf8.count, more.digits)
  }
}
