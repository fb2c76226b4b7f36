/// Finding and cutting. All of it works on bytes, which in UTF-8 finds whole characters only.
extension Text {
  /// The first place of a text at or after `start`, in bytes.
  func firstIndex(of needle: Text, from start: Int = 0) -> Int? {
    let length = needle.bytes.count
    guard start <= bytes.count, length <= bytes.count - start else { return nil }
    guard let first = needle.bytes.first else { return start }
    if length > 16 { return firstIndexLinear(of: needle.bytes, from: start) }
    var index = start
    let last = bytes.count - length
    while index <= last {
      if bytes[index] == first && matches(needle.bytes, at: index) { return index }
      index += 1
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

  /// How often a text occurs without overlaps; an empty one does around every scalar.
  func occurrences(of needle: Text) -> Int {
    needle.isEmpty ? count + 1 : indices(of: needle).count
  }

  private func matches(_ needle: [UInt8], at index: Int) -> Bool {
    for offset in needle.indices where bytes[index + offset] != needle[offset] { return false }
    return true
  }

  /// Knuth, Morris and Pratt: time linear in both lengths, whatever they hold.
  private func firstIndexLinear(of needle: [UInt8], from start: Int) -> Int? {
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

  /// Replaces places of a text, at most `limit` of them; an empty text stands between all scalars.
  func replacing(_ old: Text, with new: Text, limit: Int?) -> Text {
    if old.isEmpty { return interspersed(with: new, limit: limit ?? Int.max) }
    let places = indices(of: old, limit: limit)
    guard !places.isEmpty else { return self }
    var result: [UInt8] = []
    var start = 0
    for place in places {
      result.append(contentsOf: bytes[start..<place])
      result.append(contentsOf: new.bytes)
      start = place + old.bytes.count
    }
    result.append(contentsOf: bytes[start...])
    return Text(result)
  }

  private func interspersed(with new: Text, limit: Int) -> Text {
    var result: [UInt8] = []
    var left = limit
    for scalar in string.unicodeScalars {
      if left > 0 {
        result.append(contentsOf: new.bytes)
        left -= 1
      }
      result.append(scalar)
    }
    if left > 0 { result.append(contentsOf: new.bytes) }
    return Text(result)
  }
}
