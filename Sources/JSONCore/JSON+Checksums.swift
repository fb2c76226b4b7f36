import Diagnostics

extension JSON {
  /// A CRC-32 as other tools print it: a text of eight hexadecimal digits.
  package init(checksum: UInt32) { self = .string(hexadecimal(checksum)) }

  /// A CRC-32, or `null`.
  package init(checksum: UInt32?) { self = checksum.map { JSON(checksum: $0) } ?? .null }

  /// The CRC-32 that a text of eight hexadecimal digits spells, or a number, as earlier versions
  /// wrote it.
  package var checksumValue: UInt32? {
    guard let text = stringValue else { return intValue.flatMap { UInt32(exactly: $0) } }
    // Swift takes a sign, too.
    guard text.utf8.count == 8, text.first?.isHexDigit == true else { return nil }
    return UInt32(text, radix: 16)
  }
}
