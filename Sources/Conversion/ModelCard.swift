import ByteIO
import Diagnostics
import JSONCore
import ModelFile
import Safetensors

/// The fields of a model card's YAML front matter that a `.kibble` file keeps.
///
/// Only the forms that cards have are read: scalars, with or without quotation marks, and lists of
/// them in brackets or one item a line. A field of another form is left out, not guessed at.
package struct ModelCard {
  /// The fields that are there, in a fixed order; texts and arrays of texts.
  package let fields: [(name: String, value: JSON)]

  private static let names = ["license", "base_model", "datasets", "language", "tags"]

  /// The card of a checkpoint, if it has one of readable size.
  init?(of folder: CheckpointFolder) throws(FileError) {
    guard let readme = folder.sideFiles.first(where: { $0.name == BlobName.readme }),
      let size = FileSystem.size(readme.path), size <= Limits.modelCard
    else { return nil }
    let bytes = try FileSystem.read(readme.path, limit: Limits.modelCard)
    self.init(String(decoding: bytes, as: UTF8.self))
  }

  /// The card in a text that begins with a line `---`; nil where none of the fields is there.
  package init?(_ text: String) {
    guard let lines = Self.frontMatter(of: text) else { return nil }
    var found: [String: JSON] = [:]
    for (index, line) in lines.enumerated() {
      guard let (key, rest) = Self.member(of: line), Self.names.contains(key) else { continue }
      found[key] = rest.isEmpty ? Self.items(lines[(index + 1)...]) : Self.value(rest)
    }
    fields = Self.names.compactMap { name in found[name].map { (name, $0) } }
    if fields.isEmpty { return nil }
  }

  package var json: JSON { .object(JSONObject(fields.map { ($0.name, $0.value) })) }

  /// The lines between the first `---` and the next.
  private static func frontMatter(of text: String) -> [Substring]? {
    linesOfFrontMatter(in: text).map { Array($0[1..<$0.count - 1]) }
  }

  /// A card's front matter with the lines around it, and the rest; an empty text and all where
  /// there is no front matter.
  package static func parts(of text: String) -> (frontMatter: String, body: String) {
    guard let last = linesOfFrontMatter(in: text)?.last else { return ("", text) }
    let end = text[last.endIndex...].prefix(1).endIndex
    return (String(text[..<end]), String(text[end...]))
  }

  /// The lines from the first `---` to the next.
  private static func linesOfFrontMatter(in text: String) -> ArraySlice<Substring>? {
    let text = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : text[...]
    let lines = text.split(maxSplits: Limits.modelCardLines, omittingEmptySubsequences: false) {
      $0.isNewline
    }
    guard let first = lines.first, trimmed(first) == "---" else { return nil }
    guard let end = lines.dropFirst().firstIndex(where: { ["---", "..."].contains(trimmed($0)) })
    else { return nil }
    return lines[...end]
  }

  /// The key and the rest of a line `key: rest` that is not indented.
  private static func member(of line: Substring) -> (key: String, rest: Substring)? {
    guard let colon = line.firstIndex(of: ":"), let first = line.first, !first.isWhitespace,
      first != "#", first != "-"
    else { return nil }
    let rest = line[line.index(after: colon)...]
    guard rest.isEmpty || rest.first == " " || rest.first == "\t" else { return nil }
    return (String(line[..<colon]), trimmed(withoutComment(rest)))
  }

  private static func value(_ text: Substring) -> JSON? {
    guard text.hasPrefix("[") else { return scalar(text).map { .string($0) } }
    guard text.hasSuffix("]") else { return nil }
    let inner = text.dropFirst().dropLast()
    if trimmed(inner).isEmpty { return [] }
    return texts(split(inner).map { scalar(trimmed($0)) })
  }

  /// The items of a block list; nil where the lines are none.
  private static func items(_ lines: ArraySlice<Substring>) -> JSON? {
    var items: [String?] = []
    for line in lines {
      let text = trimmed(withoutComment(line))
      if text.isEmpty { continue }
      guard text.hasPrefix("- ") else {
        // The next member ends the list; anything indented makes it something else.
        if line.first?.isWhitespace == true { return nil }
        break
      }
      items.append(scalar(trimmed(text.dropFirst(2))))
    }
    return items.isEmpty ? nil : texts(items)
  }

  private static func texts(_ items: [String?]) -> JSON? {
    let texts = items.compactMap { $0 }
    guard texts.count == items.count else { return nil }
    return JSON(texts)
  }

  /// A plain or quoted text; nil for other forms of YAML.
  private static func scalar(_ text: Substring) -> String? {
    guard let first = text.first else { return nil }
    switch first {
    case "'", "\"":
      guard text.count >= 2, text.last == first else { return nil }
      let inner = text.dropFirst().dropLast()
      if first == "'" { return unquoted(inner) }
      return inner.contains("\\") || inner.contains("\"") ? nil : String(inner)
    case "[", "{", "|", ">", "&", "*", "!", "@", "`", "%": return nil
    default:
      // `key: value` is an object.
      return text.contains(text: ": ") || text.hasSuffix(":") ? nil : String(text)
    }
  }

  /// The text between single quotation marks, of which two stand for one.
  private static func unquoted(_ text: Substring) -> String? {
    var result = ""
    var isSecond = false
    for character in text {
      if character == "'" {
        isSecond.toggle()
        if isSecond { continue }
      } else if isSecond {
        return nil
      }
      result.append(character)
    }
    return isSecond ? nil : result
  }

  /// Splits at commas outside quotation marks.
  private static func split(_ text: Substring) -> [Substring] {
    var parts: [Substring] = []
    var start = text.startIndex
    var quote: Character?
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "," {
        parts.append(text[start..<index])
        start = text.index(after: index)
      }
    }
    return parts + [text[start...]]
  }

  /// The text up to a `#` that begins a comment.
  private static func withoutComment(_ text: Substring) -> Substring {
    var quote: Character?
    var last: Character = " "
    for index in text.indices {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if (character == "'" || character == "\"") && !last.isLetter {
        quote = character
      } else if character == "#" && last.isWhitespace {
        return text[..<index]
      }
      last = character
    }
    return text
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text.drop(while: \.isWhitespace)
    while text.last?.isWhitespace == true { text = text.dropLast() }
    return text
  }
}
