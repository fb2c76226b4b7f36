/// Holds text back while it may be the beginning of a stop text.
///
/// Generation stops at the first byte that completes a stop text, so that it does not matter how
/// the text is cut into pieces. Texts are compared byte by byte.
package struct StopTextFilter {
  private let stops: [(text: String, bytes: [UInt8])]
  private var held: [UInt8] = []

  /// A filter for some texts, none of them empty.
  package init(_ texts: [String]) { stops = texts.map { ($0, Array($0.utf8)) } }

  /// Adds text.
  ///
  /// - Parameter piece: what follows.
  /// - Returns: the text that is no part of a stop text, and the stop text that it ran into.
  package mutating func append(_ piece: String) -> (text: String, stop: String?) {
    if stops.isEmpty { return (piece, nil) }
    // Whatever was held back before the piece is too short to be a stop text.
    let old = held.count
    held += piece.utf8
    for end in old..<held.count {
      let read = held[...end]
      let complete = stops.filter { read.ends(with: $0.bytes) }
      if let stop = complete.max(by: { $0.bytes.count < $1.bytes.count }) {
        defer { held = [] }
        return (text(held[..<(end + 1 - stop.bytes.count)]), stop.text)
      }
    }
    let kept = stops.map { overlap(held, with: $0.bytes) }.max() ?? 0
    defer { held.removeFirst(held.count - kept) }
    return (text(held.dropLast(kept)), nil)
  }

  /// What is still held back, when nothing follows.
  package mutating func finish() -> String {
    defer { held = [] }
    return text(held[...])
  }

  // Stop texts and pieces are made of whole characters, so cuts fall between characters.
  private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The length of the longest end of `text` that begins `stop`.
  private func overlap(_ text: [UInt8], with stop: [UInt8]) -> Int {
    let longest = min(text.count, stop.count - 1)
    return stride(from: longest, to: 0, by: -1)
      .first { text.suffix($0).elementsEqual(stop.prefix($0)) } ?? 0
  }
}

extension ArraySlice<UInt8> {
  fileprivate func ends(with other: [UInt8]) -> Bool {
    count >= other.count && suffix(other.count).elementsEqual(other)
  }
}
