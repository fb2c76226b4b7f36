import Diagnostics
import JSONCore
import UnicodeText

private let damagedHint = "the file is damaged or made by hand; download or save it again"
private let supportedHint =
  "only byte-level BPE tokenizers, as of GPT-2, Llama 3 and Qwen, are supported"

extension TokenizerError: Diagnosable {
  /// The error in words, with its exit code.
  public var diagnostic: Diagnostic {
    switch self {
    case .notJSON(let error):
      bad("not-json", "the tokenizer's file is not valid JSON: \(error.summary)", damagedHint)
    case .fileTooLong(let bytes, let limit):
      bad("file-too-long", "the tokenizer's file has \(bytes) bytes; at most \(limit) are accepted")
    case .unknownVersion(let version):
      unsupported(
        "unknown-version",
        "the tokenizer's file is of version '\(escaped(version))'; expected '1.0'")
    case .missingField(let path):
      bad("missing-field", "the tokenizer's file has no '\(escaped(path))'", damagedHint)
    case .wrongField(let path, let expected, let found):
      bad(
        "wrong-field",
        "\(path.isEmpty ? "the file" : "'\(escaped(path))' of the tokenizer") must be \(expected), "
          + "found \(shown(found))",
        damagedHint)
    case .unsupportedPart(let path, let type):
      unsupported(
        "unsupported-part",
        "the tokenizer's '\(escaped(path))' is of the type '\(escaped(type))', which is not "
          + "supported", supportedHint)
    case .unsupportedSetting(let path, let found, let reason):
      unsupported(
        "unsupported-setting",
        "the tokenizer's '\(escaped(path))' is \(shown(found)): \(reason)",
        supportedHint)
    case .invalidPattern(let path, let error):
      Diagnostic(
        error.diagnostic.kind, code: "tokenizer.invalid-pattern",
        "the pattern '\(escaped(path))' of the tokenizer cannot be used: "
          + error.diagnostic.message, hint: error.diagnostic.hint)

    case .invalidID(let token, let found, let limit):
      bad(
        "invalid-id",
        "the token '\(shown(token))' has the id \(shown(found)); expected an integer from 0 to "
          + "\(limit)", damagedHint)
    case .duplicateID(let id, let token):
      bad(
        "duplicate-id",
        "the token '\(shown(token))' has the id \(id), as another token does",
        damagedHint)
    case .duplicateToken(let token):
      bad("duplicate-token", "the token '\(shown(token))' occurs twice", damagedHint)
    case .malformedMerge(let index, let found):
      bad(
        "malformed-merge",
        "merge \(index) must be two tokens, as [\"a\",\"b\"] or \"a b\", found \(shown(found))",
        damagedHint)
    case .unknownTokenInMerge(let index, let token):
      bad(
        "unknown-token-in-merge",
        "merge \(index) needs the token '\(shown(token))', which the vocabulary does not have",
        damagedHint)
    case .tooManyMerges(let limit):
      bad("too-many-merges", "the tokenizer has more than \(limit) merges")
    case .incompleteAlphabet(let missing, let setting):
      unsupported(
        "incomplete-alphabet",
        "\(missing) of 256 bytes have no token, and the setting '\(setting)' says what to do with "
          + "them, which is not supported", supportedHint)

    case .addedTokenTooLong(let token, let bytes, let limit):
      bad(
        "added-token-too-long",
        "the added token '\(escaped(token))…' has \(bytes) bytes; at most \(limit) are accepted")
    case .misplacedAddedToken(let token, let stated, let assigned):
      bad(
        "misplaced-added-token",
        "the added token '\(shown(token))' states the id \(stated), but by its place in the file "
          + "it gets the id \(assigned)", "number added tokens on from the vocabulary, without gaps"
      )
    case .indistinctAddedToken(let token):
      bad(
        "indistinct-added-token",
        "the added token '\(shown(token))' is empty or equal to another one once normalized"
      )
    case .unknownTokenInTemplate(let path, let found):
      bad(
        "unknown-token-in-template",
        "'\(escaped(path))' of the tokenizer names \(shown(found)), which is not defined",
        damagedHint)

    case .invalidUTF8(let offset):
      bad(
        "invalid-utf8", "the text is not UTF-8: the byte at offset \(offset) cannot stand there",
        "convert the text to UTF-8")
    case .textTooLong(let bytes, let limit):
      bad(
        "text-too-long", "the text has \(bytes) bytes; at most \(limit) are accepted",
        "split the text")
    case .growsTooMuch(let path, let bytes, let limit):
      bad(
        "grows-too-much",
        "'\(escaped(path))' of the tokenizer would make \(bytes) bytes of a text; at most \(limit) "
          + "are accepted for its length", damagedHint)
    }
  }

  /// What a file holds, as much of it as a message has room for.
  private func shown(_ text: String) -> String { abridged(text, limit: 160) }

  private func bad(_ code: String, _ message: String, _ hint: String? = nil) -> Diagnostic {
    Diagnostic(.badData, code: "tokenizer." + code, message, hint: hint)
  }

  private func unsupported(
    _ code: String, _ message: String, _ hint: String? = nil
  ) -> Diagnostic {
    Diagnostic(.unsupported, code: "tokenizer." + code, message, hint: hint)
  }
}
