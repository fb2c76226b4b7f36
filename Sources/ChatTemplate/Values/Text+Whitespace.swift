extension Unicode.Scalar {
  /// Whether Python's `str.isspace` holds for the scalar.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  /// Whether Python's `str.splitlines` ends a line here.
  var isPythonLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }
}

/// What `strip`, `split` and `splitlines` do.
extension Text {
  /// Without the scalars at the ends for which the predicate holds.
  func stripped(left: Bool, right: Bool, where drop: (Unicode.Scalar) -> Bool) -> Text {
    let view = string.unicodeScalars
    var start = view.startIndex
    var end = view.endIndex
    if left {
      while start < end && drop(view[start]) { start = view.index(after: start) }
    }
    if right {
      while start < end {
        let before = view.index(before: end)
        if !drop(view[before]) { break }
        end = before
      }
    }
    if start == view.startIndex && end == view.endIndex { return self }
    return Text(Array(String(view[start..<end]).utf8))
  }

  /// Without whitespace at the ends, or without the scalars of `characters`.
  func stripped(left: Bool = true, right: Bool = true, characters: Text? = nil) -> Text {
    guard let characters else {
      return stripped(left: left, right: right) { $0.isPythonSpace }
    }
    let set = Set(characters.scalars)
    return stripped(left: left, right: right) { set.contains($0) }
  }

  /// The words between runs of whitespace.
  func words() -> [Text] { scalars.split(whereSeparator: \.isPythonSpace).map { Text($0) } }

  /// The lines, with their ends if asked for.
  func lines(keepingEnds: Bool = false) -> [Text] {
    var result: [Text] = []
    let scalars = scalars
    var index = 0
    while index < scalars.count {
      let start = index
      while index < scalars.count && !scalars[index].isPythonLineEnd { index += 1 }
      let end = index
      if index < scalars.count {
        let isPair =
          scalars[index] == "\r" && index + 1 < scalars.count
          && scalars[index + 1] == "\n"
        index += isPair ? 2 : 1
      }
      result.append(Text(scalars[start..<(keepingEnds ? index : end)]))
    }
    return result
  }
}
