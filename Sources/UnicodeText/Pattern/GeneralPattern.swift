/// A regular expression without a scanner of its own.
package struct GeneralPattern: Sendable {
  private let pattern: String
  private let program: PatternProgram
  /// Whether a match may have no scalar at all.
  let mayMatchNothing: Bool

  /// Reads a pattern in Oniguruma's syntax.
  init(_ pattern: String) throws(PatternError) {
    self.pattern = pattern
    var parser = try PatternParser(pattern)
    let node = try parser.parse()
    mayMatchNothing = node.lengths.least == 0
    program = try PatternProgram(node)
  }

  /// How many steps matching a text of so many bytes may take.
  ///
  /// Patterns of published tokenizers take about ten steps a byte.
  package static func stepLimit(_ count: Int) -> Int {
    1_000_000 + 200 * count
  }

  /// Finds all matches, see `SplitPattern`.
  func forEachMatch(
    in text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void
  ) throws(PatternError) {
    let limit = Self.stepLimit(range.count)
    var matcher = PatternMatcher(program, range, stepLimit: limit)
    var offset = range.lowerBound
    var lastEnd: Int?
    while offset <= range.upperBound {
      let end: Int?
      do throws(PatternMatcher.Excess) {
        end = try matcher.match(text, at: offset)
      } catch {
        throw self.error(error, stepLimit: limit)
      }
      if let end, end > offset || end != lastEnd {
        body(offset..<end)
        lastEnd = end
        if end > offset {
          offset = end
          continue
        }
      }
      // Nothing here, or nothing but an empty match: on to the next scalar.
      guard offset < range.upperBound else { break }
      offset += text.scalar(at: offset, before: range.upperBound).length
    }
  }

  private func error(_ excess: PatternMatcher.Excess, stepLimit: Int) -> PatternError {
    switch excess {
    case .steps: .tooManySteps(pattern: pattern, limit: stepLimit)
    case .alternatives:
      .tooManyAlternatives(pattern: pattern, limit: PatternMatcher.alternativeLimit)
    }
  }
}
