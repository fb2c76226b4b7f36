/// The 256 characters that stand for bytes in a byte-level vocabulary.
///
/// Printable Latin-1 characters stand for themselves; the 68 other bytes, in order, are written
/// as U+0100 and up, so that a space is "Ġ" and a line feed "Ċ" (GPT-2, `bytes_to_unicode`).
package enum ByteAlphabet {
  /// The scalar that stands for each byte.
  package static let scalars: [UInt16] = {
    var next: UInt16 = 0x100
    return (UInt16(0)..<256).map { byte in
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return byte
      default:
        defer { next += 1 }
        return next
      }
    }
  }()

  /// The byte that a scalar below U+0200 stands for, or -1.
  package static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x200)
    for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar)] = Int16(byte) }
    return bytes
  }()

  /// Appends the bytes that a text in this alphabet stands for.
  ///
  /// - Parameters:
  ///   - text: valid UTF-8.
  ///   - range: the part of `text` to read.
  ///   - table: `bytes`, handed in so that a loop looks it up once.
  ///   - output: where the bytes go; as it was if the result is false.
  /// - Returns: whether all characters belong to the alphabet.
  static func decode(
    _ text: Span<UInt8>, _ range: Range<Int>, table: [Int16], into output: inout [UInt8]
  ) -> Bool {
    let start = output.count
    // Written in place, without a look at the array's capacity for each byte.
    output.append(contentsOf: repeatElement(0, count: range.count))
    var place = output.mutableSpan
    let end = decode(text, range, table: table.span, into: &place, at: start)
    output.removeLast(output.count - (end ?? start))
    return end != nil
  }

  private static func decode(
    _ text: Span<UInt8>, _ range: Range<Int>, table: Span<Int16>,
    into output: inout MutableSpan<UInt8>, at start: Int
  ) -> Int? {
    var end = start
    var index = range.lowerBound
    while index < range.upperBound {
      let lead = text[index]
      var scalar = Int(lead)
      index += 1
      if lead >= 0x80 {
        guard lead & 0xE0 == 0xC0, lead < 0xC8 else { return nil }
        scalar = Int(lead & 0x1F) << 6 | Int(text[index] & 0x3F)
        index += 1
      }
      let byte = table[scalar]
      guard byte >= 0 else { return nil }
      output[end] = UInt8(truncatingIfNeeded: byte)
      end += 1
    }
    return end
  }

  /// Appends the character, as UTF-8, that stands for a byte.
  static func append(_ byte: UInt8, to output: inout [UInt8]) {
    let scalar = scalars[Int(byte)]
    if scalar < 0x80 {
      output.append(UInt8(truncatingIfNeeded: scalar))
    } else {
      output.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
      output.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
    }
  }
}
