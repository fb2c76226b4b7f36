import ChatTemplate
import JSONCore
import UnicodeText

extension ChatFormat {
  /// Where a prompt has the words of its users.
  ///
  /// The conversation is rendered once more, with a mark before and behind what each of them says.
  ///
  /// - Parameters:
  ///   - prompt: the conversation as it was rendered.
  ///   - conversation: the conversation.
  /// - Returns: ranges of the prompt's bytes, without white space at their ends.
  /// - Throws: `userTextNotFound` where the template makes something else of marked words or leaves
  ///   out a mark, or what rendering throws.
  package func userText(in prompt: String, of conversation: Conversation) throws -> [Range<Int>] {
    let used = Set(prompt.unicodeScalars)
    // Plane 15 is for private use.
    let marks = Array(
      (0xF_0000...0xF_FFFD as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init)
        .filter { !used.contains($0) }.prefix(2))
    guard marks.count == 2 else { throw GenerationError.userTextNotFound }
    var marked = conversation
    var messages = 0
    for index in marked.messages.indices where marked.messages[index]["role"] == "user" {
      guard var message = marked.messages[index].objectValue,
        let content = message["content"]?.stringValue
      else { continue }
      guard let enclosed = content.enclosed(by: marks) else { continue }
      messages += 1
      message["content"] = .string(enclosed)
      marked.messages[index] = .object(message)
    }
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    var start: Int?
    for scalar in try render(marked).unicodeScalars {
      if scalar == marks[0], start == nil {
        start = bytes.count
      } else if scalar == marks[1], let begin = start {
        ranges.append(begin..<bytes.count)
        start = nil
      } else {
        bytes += String(scalar).utf8
      }
    }
    // A mark out of place is among the bytes.
    guard bytes.elementsEqual(prompt.utf8), start == nil, ranges.count >= messages else {
      throw GenerationError.userTextNotFound
    }
    return ranges
  }
}

extension String {
  /// The text with marks around all of it but white space at its ends, which templates remove; nil
  /// where there is nothing else.
  fileprivate func enclosed(by marks: [Unicode.Scalar]) -> String? {
    guard let first = unicodeScalars.firstIndex(where: { !$0.isPythonSpace }),
      let last = unicodeScalars.lastIndex(where: { !$0.isPythonSpace })
    else { return nil }
    let end = unicodeScalars.index(after: last)
    var result = String.UnicodeScalarView(unicodeScalars[..<first])
    result.append(marks[0])
    result += unicodeScalars[first..<end]
    result.append(marks[1])
    result += unicodeScalars[end...]
    return String(result)
  }
}
