/// Guesses what follows a text from what followed its last words the last time.
///
/// A guess costs little where it is right and something where it is wrong, so guesses grow with
/// success, and after failures none is made for a while.
package struct PromptLookup {
  private let longest: Int
  private var length: Int
  private var failures = 0
  /// How many tokens no guess is made for.
  private var pause = 0

  private static let firstLength = 4
  private static let longestPause = 32
  /// How many tokens of the text's end are looked for, the best first.
  private static let matches = [3, 2]

  /// Guesses of at most so many tokens.
  package init(longest: Int) {
    self.longest = longest
    length = min(longest, Self.firstLength)
  }

  /// Guesses what follows.
  ///
  /// - Parameters:
  ///   - text: all tokens so far.
  ///   - room: the most tokens that are of use.
  /// - Returns: some tokens, or none.
  package mutating func draft(after text: [Int], room: Int) -> [Int] {
    if pause > 0 {
      pause -= 1
      return []
    }
    let count = min(length, room)
    guard count > 0, let start = Self.continuation(of: text) else { return [] }
    // Where the guess reaches the text's end it goes on with itself: the text repeats.
    var draft: [Int] = []
    for index in start..<start + count {
      draft.append(index < text.count ? text[index] : draft[index - text.count])
    }
    return draft
  }

  /// Takes note of how many tokens of a guess were right.
  package mutating func learn(right: Int, of drafted: Int) {
    guard drafted > 0 else { return }
    if right == 0 {
      failures += 1
      length = max(1, length / 2)
      pause = min(1 << min(failures, 8), Self.longestPause)
    } else {
      failures = 0
      length = right == drafted ? min(longest, max(length, 2 * drafted)) : max(1, right)
    }
  }

  /// Where the text goes on behind the last earlier place that reads as its end does.
  private static func continuation(of text: [Int]) -> Int? {
    for match in matches where text.count > match {
      let end = text.suffix(match)
      for start in stride(from: text.count - match - 1, through: 0, by: -1)
      where text[start + match - 1] == text[text.count - 1] {
        if text[start..<start + match].elementsEqual(end) { return start + match }
      }
    }
    return nil
  }
}
