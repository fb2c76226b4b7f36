import ChatTemplate
import Diagnostics
import JSONCore
import ModelFile
import Tokenization

/// One look at all files beside a model's weights, before they are packed or trusted.
///
/// What is damaged is an error: the model would run without it, or with something else. What is
/// whole, but of a kind that kibble does not support or of no use to this model, is a warning.
public struct SideFileReview: Sendable {
  /// What is odd, in the order of the files.
  public private(set) var warnings: [Warning] = []

  /// Reads every side file that there is.
  ///
  /// - Parameters:
  ///   - files: the files.
  ///   - vocabularySize: the rows of the model's embedding.
  /// - Throws: what is damaged, with its path; all errors are `Diagnosable`.
  public init(_ files: SideFiles, vocabularySize: Int) throws {
    for name in BlobName.json { try Self.checkJSON(name, in: files) }
    let texts = TextFiles(files)
    do {
      if let tokenizer = try reviewed({ try texts.tokenizer() }) {
        let path = files.path(of: BlobName.tokenizer)
        warn(of: tokenizer, vocabularySize: vocabularySize, path: path)
      }
    } catch TextFileError.missing {
      // A model need not have one.
    }
    for template in try texts.chatTemplates() {
      try reviewed { _ = try texts.compile(template) }
    }
  }

  /// Runs a check; what is only unsupported becomes a warning.
  @discardableResult
  private mutating func reviewed<Result>(_ body: () throws -> Result) throws -> Result? {
    do {
      return try body()
    } catch let error as any Diagnosable where error.diagnostic.kind == .unsupported {
      warnings.append(Warning(error.diagnostic))
      return nil
    }
  }

  private mutating func warn(of tokenizer: Tokenizer, vocabularySize: Int, path: String) {
    let beyond = tokenizer.pieces(beyond: vocabularySize)
    guard let first = beyond.first else { return }
    let names = beyond.prefix(5).map { "'\(escaped($0))'" }.joined(separator: ", ")
    let more = beyond.count > 5 ? " and others" : ""
    warnings.append(
      Warning(
        code: "tokenizer.beyond-embedding",
        "the tokenizer has ids up to \(tokenizer.vocabularySize - 1), but the embedding only "
          + "\(vocabularySize) rows: \(names)\(more) cannot be used", path: path,
        hint: "a text with '\(escaped(first))' is refused; resize the embedding and save again"))
  }

  /// Refuses a file that holds no JSON object.
  private static func checkJSON(_ name: String, in files: SideFiles) throws {
    guard let bytes = try files.bytes(of: name) else { return }
    let path = files.path(of: name)
    do throws(JSONError) {
      guard try !JSON.isObject(bytes) else { return }
    } catch {
      throw TextFileError.bad(path: path, error.diagnostic)
    }
    throw TextFileError.bad(
      path: path,
      Diagnostic(
        .badData, code: "text.not-an-object", "\(name) must hold a JSON object",
        hint: "download or save it again"))
  }
}
