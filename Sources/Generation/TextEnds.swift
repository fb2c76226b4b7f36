extension String {
  /// The text without an end, if it has that end, byte by byte.
  func droppingLast(_ end: String) -> String {
    guard utf8.count >= end.utf8.count, utf8.suffix(end.utf8.count).elementsEqual(end.utf8)
    else { return self }
    return String(decoding: utf8.dropLast(end.utf8.count), as: UTF8.self)
  }

  /// The text without a beginning, if it has that beginning, byte by byte.
  func droppingFirst(_ beginning: String) -> String {
    guard utf8.starts(with: beginning.utf8) else { return self }
    return String(decoding: utf8.dropFirst(beginning.utf8.count), as: UTF8.self)
  }
}
