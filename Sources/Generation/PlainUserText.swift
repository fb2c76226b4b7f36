import ChatTemplate
import JSONCore

extension ChatFormat {
  /// Where a prompt has the words of its users.
  ///
  /// The conversation is rendered once more, with a mark before and behind what each of them says.
  ///
  /// - Parameters:
  ///   - prompt: the conversation as it was rendered.
  ///   - conversation: the conversation.
  /// - Returns: ranges of the prompt's bytes, without white space at their ends.
  /// - Throws: `userTextNotFound` where the template makes something else of marked words, or what
  ///   rendering throws.
  package func userText(in prompt: String, of conversation: Conversation) throws -> [Range<Int>] {
    let used = Set(prompt.unicodeScalars)
    // Plane 15 is for private use.
    let marks = Array(
      (0xF_0000...0xF_FFFD as ClosedRange<UInt32>).lazy.compactMap(Unicode.Scalar.init)
        .filter { !used.contains($0) }.prefix(2))
    var marked = conversation
    for index in marked.messages.indices where marked.messages[index]["role"] == "user" {
      guard var message = marked.messages[index].objectValue,
        let content = message["content"]?.stringValue
      else { continue }
      message["content"] = .string(content.enclosed(by: marks))
      marked.messages[index] = .object(message)
    }
    var bytes: [UInt8] = []
    var ranges: [Range<Int>] = []
    var start: Int?
    for scalar in try render(marked).unicodeScalars {
      if scalar == marks.first {
        start = bytes.count
      } else if scalar == marks.last {
        if let start { ranges.append(start..<bytes.count) }
      } else {
        bytes += String(scalar).utf8
      }
    }
    guard bytes.elementsEqual(prompt.utf8) else { throw GenerationError.userTextNotFound }
    return ranges
  }
}

extension String {
  /// The text with marks around all of it but white space at its ends, which templates remove.
  fileprivate func enclosed(by marks: [Unicode.Scalar]) -> String {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
    guard marks.count == 2, let first = unicodeScalars.firstIndex(where: { !isSpace($0) }),
      let last = unicodeScalars.lastIndex(where: { !isSpace($0) })
    else { return self }
    let end = unicodeScalars.index(after: last)
    var result = String.UnicodeScalarView(unicodeScalars[..<first])
    result.append(marks[0])
    result += unicodeScalars[first..<end]
    result.append(marks[1])
    result += unicodeScalars[end...]
    return String(result)
  }
}
