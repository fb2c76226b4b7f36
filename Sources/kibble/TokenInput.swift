import ByteIO
import Diagnostics
import DogeArchitecture
import Generation
import Tokenization
import ToolSupport
import Verification

extension ParsedArguments {
  /// The sequences of `--text` or `--tokens`, whichever is given.
  ///
  /// Files and numbers are read at once; what only the model's config tells comes afterwards, still
  /// before its weights are loaded.
  ///
  /// - Parameters:
  ///   - model: the model's path, whose tokenizer a text needs.
  ///   - leastContext: the shortest windows of a text.
  /// - Returns: makes the sequences for the model's config.
  /// - Throws: what is wrong with the options or files.
  func sequences(
    model: String, leastContext: Int = 2
  ) throws -> (DogeConfig) throws -> [[Int]] {
    if let path = value(.tokens) {
      let sequences = try TokenSequences.parse(
        FileSystem.read(path, limit: Limits.tokenFile), path: path)
      return { _ in sequences }
    }
    let path = try required(.text)
    let bytes = try FileSystem.read(path, limit: Limits.textFile)
    return { config in
      let longest = config.longestContext
      let range = min(leastContext, longest)...longest
      let window = has(.context) ? try integer(.context, in: range) : nil
      return try TextFiles(path: model).windows(
        bytes, path: path, config: config, context: window)
    }
  }
}

extension TextFiles {
  /// A text's windows of `context` tokens, or of 512 where the model's context is as long.
  func windows(
    _ bytes: [UInt8], path: String, config: DogeConfig, context: Int? = nil
  ) throws -> [[Int]] {
    let tokenizer = try tokenizer()
    let ids = try tokenizer.encode(bytes, addSpecialTokens: false).map(\.id)
    try tokenizer.check(ids, rows: config.vocabularySize)
    return try TextWindows.cut(
      ids, context: context ?? min(512, config.maxPositions),
      beginning: beginningOfText(tokenizer, config), path: path)
  }
}
