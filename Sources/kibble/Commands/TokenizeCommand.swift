import Diagnostics
import Generation
import JSONCore
import Tokenization
import ToolSupport

/// `kibble tokenize`: text to token ids and back.
struct TokenizeCommand: Command {
  static let model = PositionalSpec.required(
    "MODEL", "a model, or a folder that holds a tokenizer.json")
  static let input = PositionalSpec.rest("TEXT", "the text; - is stdin; with --decode the ids")
  static let decode = OptionSpec.flag("decode", "turn ids into text")
  static let plain = OptionSpec.flag(
    "no-special-tokens", "leave out the tokens that the tokenizer puts around a text")

  static let spec = CommandSpec(
    name: "tokenize", summary: "turn text into token ids, or back",
    discussion: [
      "Prints the ids with the pieces of the vocabulary and the bytes of the text that each stands "
        + "for. The ids are those of transformers' tokenizer for the model.",
      "With --jsonl, each line of the file is an object with \"text\"; for each, a line with its "
        + "\"ids\" and their text, \"decoded\", is written.",
    ],
    usage: [
      "MODEL TEXT [OPTION…]", "MODEL --decode ID… [OPTION…]", "MODEL --jsonl FILE [OPTION…]",
    ],
    positionals: [model, input], options: [decode, .jsonLines, plain],
    examples: [
      .init("a text", "tokenize ./Doge-20M 'Hello, world!'"),
      .init("ids", "tokenize ./Doge-20M --decode 0 9906 11"),
    ])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let tokenizer = try TextFiles(path: arguments.argument(Self.model)).tokenizer()
    let words = Array(arguments.rest(Self.input))
    try arguments.refuse(.jsonLines, with: Self.decode)
    if let path = arguments.value(.jsonLines) {
      guard words.isEmpty else {
        throw UsageError.unexpectedArgument(words[0], command: "tokenize")
      }
      try convertLines(of: path, tokenizer, context, special: !arguments.has(Self.plain))
    } else if arguments.has(Self.decode) {
      try decode(words, tokenizer, context)
    } else {
      guard let text = words.first else {
        throw UsageError.missingArgument("TEXT", command: "tokenize")
      }
      guard words.count == 1 else {
        throw UsageError.unexpectedArgument(words[1], command: "tokenize")
      }
      let bytes = text == "-" ? try StandardInput().readAll() : Array(text.utf8)
      try show(bytes, tokenizer, context, special: !arguments.has(Self.plain))
    }
    return .success
  }

  private func show(
    _ text: [UInt8], _ tokenizer: Tokenizer, _ context: CommandContext, special: Bool
  ) throws {
    let tokens = try tokenizer.encode(text, addSpecialTokens: special)
    if context.json { return try write(tokens, of: text, tokenizer, context) }
    var table = TextTable([.number("id"), .number("bytes"), .text("piece"), .text("text")])
    for token in tokens {
      let part = String(decoding: text[token.range], as: UTF8.self)
      table.append([
        "\(token.id)",
        token.range.isEmpty ? "" : "\(token.range.lowerBound)–\(token.range.upperBound)",
        escaped(tokenizer.piece(token.id) ?? ""), escaped(part),
      ])
    }
    try context.output.write(table.text)
    if !context.quiet { try context.output.writeLine("\(tokens.count) tokens") }
  }

  /// Writes the object of `--json` bit by bit: that of a long text has a hundred times its size.
  private func write(
    _ tokens: [Token], of text: [UInt8], _ tokenizer: Tokenizer, _ context: CommandContext
  ) throws {
    let output = context.output
    func list(_ key: String, _ element: (Token) -> String) throws {
      try output.write(",\"\(key)\":[")
      for (index, token) in tokens.enumerated() {
        try output.write((index > 0 ? "," : "") + element(token))
      }
      try output.write("]")
    }
    try output.write("{\"schema\":\"kibble.tokenize/1\",\"version\":")
    try output.write(JSON(context.version).serialized())
    try list("ids") { "\($0.id)" }
    try list("pieces") { JSON(tokenizer.piece($0.id) ?? "").serialized() }
    try list("offsets") { "[\($0.range.lowerBound),\($0.range.upperBound)]" }
    try output.write(",\"text\":\"")
    var start = 0
    while start < text.count {
      // A part ends where a character does.
      var end = min(start + (1 << 16), text.count)
      while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
      let part = JSON(String(decoding: text[start..<end], as: UTF8.self)).serialized()
      try output.write(String(part.dropFirst().dropLast()))
      start = end
    }
    try output.writeLine("\"}")
  }

  private func decode(
    _ words: [String], _ tokenizer: Tokenizer, _ context: CommandContext
  ) throws {
    guard !words.isEmpty else { throw UsageError.missingArgument("ID", command: "tokenize") }
    let ids = try words.map { word in
      guard let id = Int(word), id >= 0 else {
        throw UsageError.invalidValue(
          option: "--decode", value: word, expected: "followed by token ids", command: "tokenize")
      }
      return id
    }
    let text = tokenizer.decode(ids)
    context.warn(ofMissing: ids, tokenizer)
    if context.json {
      try context.emit([
        "schema": "kibble.tokenize/1", "ids": JSON(ids), "text": .string(text),
      ])
    } else {
      try context.output.writeLine(context.terminal.outputIsTerminal ? shown(text) : text)
    }
  }

  private func convertLines(
    of path: String, _ tokenizer: Tokenizer, _ context: CommandContext, special: Bool
  ) throws {
    try JSONLines.forEach(path) { line in
      guard let text = line["text"]?.stringValue else {
        throw JSONLineError.missing("text", expected: "a string")
      }
      let ids = try tokenizer.encode(text, addSpecialTokens: special).map(\.id)
      let object: JSON = ["ids": JSON(ids), "decoded": .string(tokenizer.decode(ids))]
      try context.output.writeLine(object.serialized())
      try context.progress.checkCancellation()
    }
  }
}
