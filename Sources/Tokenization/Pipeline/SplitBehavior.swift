/// What becomes of the places where a text is split.
enum SplitBehavior: String, Sendable {
  /// Matches vanish.
  case removed = "Removed"
  /// Each match is a piece.
  case isolated = "Isolated"
  /// A match ends the piece before it.
  case mergedWithPrevious = "MergedWithPrevious"
  /// A match begins the piece behind it.
  case mergedWithNext = "MergedWithNext"
  /// Matches side by side are one piece.
  case contiguous = "Contiguous"
}

/// Makes pieces of the matches of a pattern and of what is between them.
struct PieceCollector {
  private let behavior: SplitBehavior
  private let invert: Bool
  /// The pieces that are complete; none is empty.
  private(set) var pieces: [Range<Int>] = []
  /// Where the next gap begins.
  private var position = 0
  /// A piece that may still grow.
  private var held: Range<Int>?
  private var previousIsMatch = false

  init(_ behavior: SplitBehavior, invert: Bool) {
    self.behavior = behavior
    self.invert = invert
  }

  /// Splits one part of a text by its matches.
  mutating func begin(_ range: Range<Int>) {
    position = range.lowerBound
    previousIsMatch = false
  }

  mutating func add(match: Range<Int>) {
    if position != match.lowerBound { add(position..<match.lowerBound, isMatch: invert) }
    add(match, isMatch: !invert)
    position = match.upperBound
  }

  mutating func finish(_ range: Range<Int>) {
    if position != range.upperBound { add(position..<range.upperBound, isMatch: invert) }
    emitHeld()
  }

  private mutating func add(_ segment: Range<Int>, isMatch: Bool) {
    switch behavior {
    case .isolated:
      emit(segment)
    case .removed:
      if !isMatch { emit(segment) }
    case .contiguous:
      hold(segment, joining: isMatch == previousIsMatch)
    case .mergedWithPrevious:
      hold(segment, joining: isMatch && !previousIsMatch)
    case .mergedWithNext:
      hold(segment, joining: !isMatch && previousIsMatch)
    }
    previousIsMatch = isMatch
  }

  private mutating func hold(_ segment: Range<Int>, joining: Bool) {
    if joining, let before = held {
      held = before.lowerBound..<segment.upperBound
    } else {
      emitHeld()
      held = segment
    }
  }

  private mutating func emitHeld() {
    if let held { emit(held) }
    held = nil
  }

  private mutating func emit(_ piece: Range<Int>) {
    if !piece.isEmpty { pieces.append(piece) }
  }
}
