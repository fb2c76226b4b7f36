import Diagnostics

/// Makes keys of the bytes that a terminal sends, however these are cut.
///
/// Text is UTF-8 whatever the locale; bytes that are none become U+FFFD. Sequences that mean nothing
/// here are left out.
package struct KeyDecoder: Sendable {
  /// The beginning of something that is not whole yet.
  private var pending: [UInt8] = []
  /// What has come of a paste that is not over yet.
  private var pasted: [UInt8]?
  /// How often Ctrl-C has come by itself since anything else did.
  private var interrupts = 0

  package init() {}

  /// Whether something has begun that a key may be the whole of, if nothing follows soon.
  package var isInDoubt: Bool { pasted == nil && !pending.isEmpty }

  /// The keys that the bytes end, together with those before.
  package mutating func decode(_ bytes: [UInt8]) -> [LineKey] {
    interrupts = bytes == [ASCII.etx] ? interrupts + 1 : 0
    if pasted != nil, interrupts == 2 {
      // The end of a paste got lost, and would be waited for. Once is not enough: what is pasted may
      // hold that byte, and must not be taken for keys behind it.
      (pasted, pending, interrupts) = (nil, [], 0)
      return [.interrupt]
    }
    var rest = (pending + bytes)[...]
    var keys: [LineKey] = []
    while !rest.isEmpty {
      guard let step = pasted == nil ? Self.step(&rest) : paste(&rest) else { break }
      switch step {
      case .key(let key): keys.append(key)
      case .beginningOfPaste: pasted = []
      case .nothing: break
      }
    }
    pending = Array(rest)
    return keys
  }

  /// The same where nothing follows.
  package mutating func endDoubt() -> [LineKey] {
    guard isInDoubt else { return [] }
    defer { pending = [] }
    // A lone escape, or the beginning of a sequence, is no key here.
    return pending.first == ASCII.escape ? [] : [.text(String(decoding: pending, as: UTF8.self))]
  }

  /// What some bytes stand for.
  enum Step: Equatable {
    case key(LineKey)
    case beginningOfPaste
    case nothing
  }

  /// Takes the bytes of one step; nil where they are not all there.
  private static func step(_ rest: inout ArraySlice<UInt8>) -> Step? {
    guard let first = rest.first else { return nil }
    if first == ASCII.escape { return escapeSequence(&rest) }
    if let control = ControlKeys.keys[first] {
      rest.removeFirst()
      return .key(control)
    }
    guard first >= 0x20 else {
      rest.removeFirst()
      return .nothing
    }
    var text = rest.prefix { $0 >= 0x20 && $0 != ASCII.delete }
    if text.endIndex == rest.endIndex { text.removeLast(unfinishedBytes(text)) }
    guard !text.isEmpty else { return nil }
    rest = rest[text.endIndex...]
    return .key(.text(String(decoding: text, as: UTF8.self)))
  }

  /// Takes what belongs to a paste; nil where more of it must come.
  private mutating func paste(_ rest: inout ArraySlice<UInt8>) -> Step? {
    let mark = Array("\u{1B}[201~".utf8)
    var text = pasted ?? []
    var searched = max(0, text.count - mark.count + 1)
    text += rest
    rest = []
    while let start = text[searched...].firstIndex(of: ASCII.escape) {
      if text[start...].starts(with: mark) {
        rest = text[(start + mark.count)...]
        pasted = nil
        return .key(.text(Self.withLineFeeds(text[..<start])))
      }
      searched = start + 1
    }
    // Longer than any line may be: it won't be taken, so that it need not be kept.
    let limit = Limits.standardInputLine
    if text.count > 2 * limit { text.removeSubrange(limit..<text.count - limit) }
    pasted = text
    return nil
  }

  /// A pasted text: terminals send carriage returns for line feeds.
  private static func withLineFeeds(_ bytes: ArraySlice<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var previous: UInt8 = 0
    for byte in bytes {
      if byte == ASCII.carriageReturn {
        text.append(ASCII.lineFeed)
      } else if byte != ASCII.lineFeed || previous != ASCII.carriageReturn {
        text.append(byte)
      }
      previous = byte
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// How many bytes at the end begin a character whose other bytes have not come.
private func unfinishedBytes(_ bytes: ArraySlice<UInt8>) -> Int {
  for (index, byte) in bytes.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
    let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
    return length > index + 1 ? index + 1 : 0
  }
  return 0
}

/// Bytes that mean something to a terminal.
enum ASCII {
  static let etx: UInt8 = 0x03
  static let endOfTransmission: UInt8 = 0x04
  static let lineFeed: UInt8 = 0x0A
  static let carriageReturn: UInt8 = 0x0D
  static let escape: UInt8 = 0x1B
  static let delete: UInt8 = 0x7F
}
