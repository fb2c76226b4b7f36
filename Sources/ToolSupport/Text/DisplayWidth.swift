/// How many columns a terminal gives to a text: none to controls and combining marks, two to wide
/// East Asian characters and emoji, one to the rest.
package func displayWidth(_ text: String) -> Int {
  if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
  return text.reduce(0) { $0 + displayWidth($1) }
}

private func displayWidth(_ character: Character) -> Int {
  guard let first = character.unicodeScalars.first else { return 0 }
  switch first.properties.generalCategory {
  case .control, .format, .nonspacingMark, .enclosingMark: return 0
  default: break
  }
  if character.unicodeScalars.contains(where: { $0.value == 0xFE0F }) { return 2 }
  // Half a flag is a letter.
  if character.unicodeScalars.count == 1, (0x1F1E6...0x1F1FF).contains(first.value) { return 1 }
  return first.properties.isEmojiPresentation || isWide(first.value) ? 2 : 1
}

/// The blocks of Unicode whose characters are wide, give or take a few code points.
private func isWide(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97C, 0xAC00...0xD7A3,
    0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
    0x1F680...0x1F6FF, 0x1F900...0x1FAFF, 0x20000...0x3FFFD:
    true
  default: false
  }
}

/// The longest beginning of `text` that fits into `width` columns.
package func prefix(of text: String, width: Int) -> String {
  var used = 0
  return String(
    text.prefix { character in
      used += displayWidth(character)
      return used <= width
    })
}
