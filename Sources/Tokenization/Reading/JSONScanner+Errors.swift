import JSONCore

/// The scanner's methods with this module's error.
extension JSONScanner {
  mutating func token(in bytes: RawSpan) throws(TokenizerError) -> JSONToken {
    do { return try next(in: bytes) } catch { throw .notJSON(error) }
  }

  func string(_ token: JSONStringToken, in bytes: RawSpan) throws(TokenizerError) -> String {
    do { return try text(of: token, in: bytes) } catch { throw .notJSON(error) }
  }

  mutating func value(in bytes: RawSpan) throws(TokenizerError) -> JSON {
    do { return try parseValue(in: bytes) } catch { throw .notJSON(error) }
  }

  mutating func skip(in bytes: RawSpan) throws(TokenizerError) {
    do { try skipValue(in: bytes) } catch { throw .notJSON(error) }
  }

  /// The error that says that a key of an object occurs a second time.
  func duplicate(_ key: String, at token: JSONStringToken, in bytes: RawSpan) -> TokenizerError {
    .notJSON(.duplicateKey(key, at: position(of: token.range.lowerBound - 1, in: bytes)))
  }

  /// Appends the characters of a string, which this scanner has checked, as UTF-8.
  ///
  /// Vocabularies may be written in ASCII, with every other character as an escape: making a
  /// `String` of each token would take longer than everything else.
  func append(
    _ string: JSONStringToken, in bytes: RawSpan, to output: inout [UInt8]
  ) throws(TokenizerError) {
    let text = Span<UInt8>(_bytes: bytes)
    let start = output.count
    var offset = string.range.lowerBound
    while offset < string.range.upperBound {
      let byte = text[offset]
      guard byte == UInt8(ascii: "\\") else {
        output.append(byte)
        offset += 1
        continue
      }
      guard let (scalar, length) = text.simpleEscape(at: offset) else {
        // Rare enough for the slow way.
        output.removeLast(output.count - start)
        output += try self.string(string, in: bytes).utf8
        return
      }
      if scalar < 0x80 {
        output.append(UInt8(truncatingIfNeeded: scalar))
      } else {
        output.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
        output.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
      }
      offset += length
    }
  }
}

extension Span<UInt8> {
  /// The scalar below U+0800 that an escape stands for, and the escape's length.
  fileprivate func simpleEscape(at offset: Int) -> (scalar: UInt32, length: Int)? {
    switch self[offset + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return (UInt32(self[offset + 1]), 2)
    case UInt8(ascii: "u"):
      var scalar: UInt32 = 0
      for index in offset + 2..<offset + 6 {
        let digit = UInt32(self[index])
        scalar = scalar << 4 | (digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57)
      }
      return scalar < 0x800 ? (scalar, 6) : nil
    default:
      return nil
    }
  }
}
