import Tokenization

/// The special tokens by which Doge's Reason models mark what they think and what they answer.
public struct ReasoningMarkers: Sendable {
  /// What stands behind a marker.
  public enum Part: Sendable {
    /// What the model thinks before it answers.
    case thought
    /// The answer.
    case solution
    /// Anything else.
    case other
  }

  private static let table: [(spelling: String, part: Part)] = [
    ("<|begin_of_thought|>", .thought), ("<|end_of_thought|>", .other),
    ("<|begin_of_solution|>", .solution), ("<|end_of_solution|>", .other),
  ]

  private let markers: [Int: (spelling: String, part: Part)]

  /// Those that a tokenizer has as special tokens; none in most.
  public init(_ tokenizer: Tokenizer) {
    var markers: [Int: (String, Part)] = [:]
    for (spelling, part) in Self.table {
      guard let id = tokenizer.id(of: spelling), tokenizer.isSpecial(id) else { continue }
      markers[id] = (spelling, part)
    }
    self.markers = markers
  }

  /// What begins with a token; nil where it is no marker.
  public func part(from id: Int) -> Part? { markers[id]?.part }

  /// How a marker is spelled; nil for other tokens.
  func spelling(_ id: Int) -> String? { markers[id]?.spelling }
}

/// An answer in its parts, taken apart while it comes.
public struct ReasonedText: Sendable {
  /// What the model thinks; nil as long as it has not begun to.
  public private(set) var thought: String?
  /// What it answers; nil as long as it has not begun to.
  public private(set) var solution: String?
  /// The part that the text is in.
  public private(set) var part = ReasoningMarkers.Part.other
  private let markers: ReasoningMarkers

  /// Nothing yet.
  public init(_ markers: ReasoningMarkers) { self.markers = markers }

  /// Takes what happens; the markers themselves are left out.
  ///
  /// - Parameter event: a step of generation.
  /// - Returns: the text that belongs to the part so far, and the part that begins behind it, if
  ///   one does.
  public mutating func take(
    _ event: GenerationEvent
  ) -> (text: String, next: ReasoningMarkers.Part?) {
    switch event {
    case .prompt: return ("", nil)
    case .rest(let text):
      add(text)
      return (text, nil)
    case .token(let token):
      guard let next = markers.part(from: token.id) else {
        add(token.text)
        return (token.text, nil)
      }
      // Where special tokens are shown, the marker ends the text.
      let text = token.text.droppingLast(markers.spelling(token.id) ?? "")
      add(text)
      begin(next)
      return (text, next)
    }
  }

  private mutating func add(_ text: String) {
    switch part {
    case .thought: thought = (thought ?? "") + text
    case .solution: solution = (solution ?? "") + text
    case .other: break
    }
  }

  private mutating func begin(_ next: ReasoningMarkers.Part) {
    part = next
    // One that stays empty is there, too.
    add("")
  }
}
