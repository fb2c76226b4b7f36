/// Keys that are one byte: Ctrl and a letter, and what terminals send for it.
enum ControlKeys {
  static let keys: [UInt8: LineKey] = [
    control("A"): .home, control("B"): .left, control("C"): .interrupt, control("D"): .deleteOrEnd,
    control("E"): .end, control("F"): .right, control("H"): .deleteBackward,
    control("I"): .complete, control("J"): .enter, control("K"): .killForward,
    control("L"): .clearScreen, control("M"): .enter, control("N"): .next,
    control("P"): .previous, control("T"): .transpose, control("U"): .killBackward,
    control("W"): .killBackwardToBlank, control("Y"): .yank, control("Z"): .suspend,
    ASCII.delete: .deleteBackward,
  ]

  private static func control(_ letter: Unicode.Scalar) -> UInt8 { UInt8(ascii: letter) & 0x1F }
}

// Keys that are an escape and more: Alt and a key, and the keys with arrows and names, which
// terminals have sent in several ways since the VT100.
extension KeyDecoder {
  /// Takes an escape and what belongs to it; nil where that is not all there.
  static func escapeSequence(_ rest: inout ArraySlice<UInt8>) -> Step? {
    guard let kind = rest.dropFirst().first else { return nil }
    switch kind {
    case UInt8(ascii: "["), UInt8(ascii: "O"):
      return parameterSequence(&rest, isShort: kind == UInt8(ascii: "O"))
    case ASCII.escape, 0x80...:
      // Alt and a key that is a sequence itself, or a letter beyond ASCII: as without Alt.
      rest.removeFirst()
      return .nothing
    default:
      rest.removeFirst(2)
      let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(kind)
      return altKeys[isCapital ? kind | 0x20 : kind].map { .key($0) } ?? .nothing
    }
  }

  /// By the byte behind the escape, in small letters.
  private static let altKeys: [UInt8: LineKey] = [
    UInt8(ascii: "b"): .wordLeft, UInt8(ascii: "f"): .wordRight,
    UInt8(ascii: "d"): .killWordForward,
    ASCII.delete: .killWordBackward, 0x08: .killWordBackward,
    ASCII.carriageReturn: .text("\n"), ASCII.lineFeed: .text("\n"),
  ]

  /// Takes ESC [ or ESC O, numbers, and the letter or ~ that says what it is.
  private static func parameterSequence(
    _ rest: inout ArraySlice<UInt8>, isShort: Bool
  ) -> Step? {
    var tail = rest.dropFirst(2)
    // The Linux console's function keys are ESC [ [ and a letter.
    let isFunctionKey = !isShort && tail.first == UInt8(ascii: "[")
    if isFunctionKey { tail.removeFirst() }
    let parameters = tail.prefix { (0x20...0x3F).contains($0) }
    guard let final = tail.dropFirst(parameters.count).first else { return nil }
    let isWhole = (0x40...0x7E).contains(final)
    rest = tail.dropFirst(parameters.count + (isWhole ? 1 : 0))
    guard isWhole, !isFunctionKey else { return .nothing }
    let numbers = String(decoding: parameters, as: UTF8.self)
      .split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 1 }
    return step(final, numbers, isShort: isShort)
  }

  private static func step(_ final: UInt8, _ numbers: [Int], isShort: Bool) -> Step {
    let number = numbers.first ?? 1
    guard final != UInt8(ascii: "~") || number != 200 else { return .beginningOfPaste }
    // Shift is 1, Alt 2, Ctrl 4; one more than what they make together stands there.
    let modifiers = numbers.count > 1 ? numbers[1] : final == UInt8(ascii: "~") ? 1 : number
    let isByWord = (3...8).contains(modifiers)
    let key: LineKey? =
      switch final {
      case UInt8(ascii: "A"): .previous
      case UInt8(ascii: "B"): .next
      case UInt8(ascii: "C"): isByWord ? .wordRight : .right
      case UInt8(ascii: "D"): isByWord ? .wordLeft : .left
      case UInt8(ascii: "H"): .home
      case UInt8(ascii: "F"): .end
      // rxvt's Ctrl and an arrow.
      case UInt8(ascii: "c") where isShort: .wordRight
      case UInt8(ascii: "d") where isShort: .wordLeft
      // The keypad's.
      case UInt8(ascii: "M") where isShort: .enter
      case UInt8(ascii: "~"):
        switch number {
        case 1, 7: .home
        case 4, 8: .end
        case 3: isByWord ? .killWordForward : .deleteForward
        default: nil
        }
      default: nil
      }
    return key.map { .key($0) } ?? .nothing
  }
}
