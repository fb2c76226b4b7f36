import UnicodeText

/// Finding, cutting and stripping. Texts are searched by their bytes, which in UTF-8 finds whole
/// characters only.
extension Text {
  /// The first place of a text at or after `start`, in bytes.
  ///
  /// By Knuth, Morris and Pratt: time linear in both lengths, whatever they hold.
  func firstIndex(of needle: Text, from start: Int = 0) -> Int? {
    let needle = needle.bytes
    guard start <= bytes.count, needle.count <= bytes.count - start else { return nil }
    if needle.isEmpty { return start }
    var borders = [0]
    borders.reserveCapacity(needle.count)
    var length = 0
    for index in 1..<needle.count {
      while length > 0 && needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders.append(length)
    }
    length = 0
    for index in start..<bytes.count {
      while length > 0 && bytes[index] != needle[length] { length = borders[length - 1] }
      if bytes[index] == needle[length] { length += 1 }
      if length == needle.count { return index + 1 - length }
    }
    return nil
  }

  /// All places of a text that don't overlap, at most `limit` of them.
  func indices(of needle: Text, limit: Int? = nil) -> [Int] {
    var result: [Int] = []
    var start = 0
    while result.count < limit ?? Int.max, let index = firstIndex(of: needle, from: start) {
      result.append(index)
      start = index + max(1, needle.bytes.count)
    }
    return result
  }

  /// The pieces between the places of a separator.
  func split(by separator: Text, limit: Int?) -> [Text] {
    pieces(between: indices(of: separator, limit: limit), separator.bytes.count)
  }

  /// The same, with the last separators if there are more than the limit.
  func splitFromEnd(by separator: Text, limit: Int?) -> [Text] {
    let mirrored = reversedBytes.split(by: separator.reversedBytes, limit: limit)
    return mirrored.reversed().map { Text($0.reversedBytes.bytes) }
  }

  /// The bytes from the last to the first: no text, but good for finding what stands last.
  private var reversedBytes: Text { Text(bytes.reversed(), count: 0) }

  private func pieces(between places: [Int], _ length: Int) -> [Text] {
    var result: [Text] = []
    result.reserveCapacity(places.count + 1)
    var start = 0
    for place in places {
      result.append(Text(bytes[start..<place]))
      start = place + length
    }
    result.append(Text(bytes[start...]))
    return result
  }

  /// Replaces places of a text, at most `limit` of them.
  func replacing(_ old: Text, with new: Text, limit: Int?) -> Text {
    Text(Array(split(by: old, limit: limit).map(\.bytes).joined(separator: new.bytes)))
  }

  // MARK: Whitespace and lines

  /// Without whitespace at the ends, or without the scalars of `characters`.
  func stripped(left: Bool = true, right: Bool = true, characters: Text? = nil) -> Text {
    let set = characters.map { Set($0.scalars) }
    func drops(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
    var rest = string.unicodeScalars[...]
    while left, let first = rest.first, drops(first) { rest.removeFirst() }
    while right, let last = rest.last, drops(last) { rest.removeLast() }
    return Text(Array(String(rest).utf8))
  }

  /// The words between runs of whitespace.
  func words() -> [Text] { scalars.split(whereSeparator: \.isPythonSpace).map { Text($0) } }

  /// The lines, without their ends.
  func lines() -> [Text] {
    var result: [Text] = []
    let scalars = scalars
    var index = 0
    while index < scalars.count {
      let start = index
      while index < scalars.count && !scalars[index].isPythonLineEnd { index += 1 }
      result.append(Text(scalars[start..<index]))
      let isPair = scalars[index...].starts(with: ["\r", "\n"])
      index += isPair ? 2 : 1
    }
    return result
  }
}

extension Unicode.Scalar {
  /// Whether Python's `str.splitlines` ends a line here.
  var isPythonLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}
