import Diagnostics

/// A line that is edited, and the lines before it: no terminal, only what keys make of them.
package struct LineEditor: Sendable {
  /// What a key has come to.
  package enum Outcome: Equatable, Sendable {
    case edited
    /// Nothing can be done with it.
    case refused
    /// The screen shall begin with this line.
    case screenCleared
    /// The line is done; a new one has begun.
    case line(String)
    /// The line is taken back; a new one has begun.
    case interrupted
    case ended
    case suspended
  }

  /// What the user sees as characters, however many code points each has.
  package private(set) var characters: [Character] = []
  /// The characters before the cursor.
  package private(set) var cursor = 0
  private var killed = ""
  private var history = LineHistory()
  private let completions: [String]

  /// An empty line.
  ///
  /// - Parameter completions: words that the Tab key completes at the line's beginning.
  package init(completions: [String] = []) { self.completions = completions }

  package var text: String { String(characters) }

  /// Does what a key asks for.
  package mutating func apply(_ key: LineKey) -> Outcome {
    let end = characters.count
    switch key {
    case .text(let text): return replace(cursor..<cursor, by: text)
    case .left: return move(to: cursor - 1)
    case .right: return move(to: cursor + 1)
    case .wordLeft: return move(to: wordStart)
    case .wordRight: return move(to: wordEnd)
    case .home: return move(to: 0)
    case .end: return move(to: end)
    case .previous: return show(history.previous(from: text))
    case .next: return show(history.next(from: text))
    case .deleteBackward: return delete(max(0, cursor - 1)..<cursor)
    case .deleteForward: return delete(cursor..<min(end, cursor + 1))
    case .killBackward: return kill(0..<cursor)
    case .killForward: return kill(cursor..<end)
    case .killWordBackward: return kill(wordStart..<cursor)
    case .killWordForward: return kill(cursor..<wordEnd)
    case .killBackwardToBlank: return kill(blankBefore..<cursor)
    case .yank: return replace(cursor..<cursor, by: killed)
    case .transpose: return transpose()
    case .complete: return complete()
    case .clearScreen: return .screenCleared
    case .suspend: return .suspended
    case .deleteOrEnd: return characters.isEmpty ? .ended : apply(.deleteForward)
    case .interrupt:
      begin()
      return .interrupted
    case .enter:
      let line = text
      history.add(line)
      begin()
      return .line(line)
    }
  }

  private mutating func begin() {
    characters = []
    cursor = 0
    history.leave()
  }

  private mutating func show(_ line: String?) -> Outcome {
    guard let line else { return .refused }
    characters = Array(line)
    cursor = characters.count
    return .edited
  }

  private mutating func move(to place: Int) -> Outcome {
    guard (0...characters.count).contains(place) else { return .refused }
    cursor = place
    return .edited
  }

  /// Puts a text in the place of characters, and the cursor behind it.
  private mutating func replace(_ range: Range<Int>, by text: String) -> Outcome {
    let before = String(characters[..<range.lowerBound]) + text
    let whole = before + String(characters[range.upperBound...])
    guard whole.utf8.count <= Limits.standardInputLine else { return .refused }
    // Neighbours may be one character by now, as a letter and an accent are.
    characters = Array(whole)
    var bytes = 0
    cursor =
      characters.firstIndex { character in
        defer { bytes += character.utf8.count }
        return bytes >= before.utf8.count
      } ?? characters.count
    return .edited
  }

  private mutating func delete(_ range: Range<Int>) -> Outcome {
    range.isEmpty ? .refused : replace(range, by: "")
  }

  private mutating func kill(_ range: Range<Int>) -> Outcome {
    guard !range.isEmpty else { return .refused }
    killed = String(characters[range])
    return replace(range, by: "")
  }

  private mutating func transpose() -> Outcome {
    let place = min(cursor, characters.count - 1)
    guard place > 0 else { return .refused }
    return replace(place - 1..<place + 1, by: String([characters[place], characters[place - 1]]))
  }

  /// Completes the word that the line consists of, as far as all that begin with it agree.
  private mutating func complete() -> Outcome {
    let word = text
    let matches = completions.filter { $0.hasPrefix(word) }
    guard !word.isEmpty, cursor == characters.count, let first = matches.first else {
      return .refused
    }
    guard matches.count > 1 else { return show(first + " ") }
    let common = matches.reduce(first) { $0.commonPrefix(with: $1) }
    return common == word ? .refused : show(common)
  }
}

// MARK: Words

extension LineEditor {
  /// Where the word before the cursor begins.
  private var wordStart: Int {
    let gap = characters[..<cursor].lastIndex(where: \.isInWord).map { $0 + 1 } ?? 0
    return characters[..<gap].lastIndex { !$0.isInWord }.map { $0 + 1 } ?? 0
  }

  /// Where the word behind the cursor ends.
  private var wordEnd: Int {
    let start = characters[cursor...].firstIndex(where: \.isInWord) ?? characters.count
    return characters[start...].firstIndex { !$0.isInWord } ?? characters.count
  }

  /// Where the characters other than blanks before the cursor begin.
  private var blankBefore: Int {
    let gap = characters[..<cursor].lastIndex { !$0.isWhitespace }.map { $0 + 1 } ?? 0
    return characters[..<gap].lastIndex(where: \.isWhitespace).map { $0 + 1 } ?? 0
  }
}

extension Character {
  fileprivate var isInWord: Bool { isLetter || isNumber }
}

extension String {
  fileprivate func commonPrefix(with other: String) -> String {
    String(zip(self, other).prefix { $0 == $1 }.map(\.0))
  }
}
