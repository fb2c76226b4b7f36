import JSONCore
import UnicodeText

/// A rule that a `tokenizer.json`, a `tokenizer_config.json` or a text breaks, or something in
/// them that this tokenizer does not do.
///
/// `path` is a place in the JSON text, such as `model.vocab` or `added_tokens[3].id`.
public enum TokenizerError: Error, Equatable {
  // The file.
  /// The text is not JSON.
  case notJSON(JSONError)
  /// The file is longer than is accepted.
  case fileTooLong(bytes: Int, limit: Int)
  /// The file states a version that is not known.
  case unknownVersion(String)
  /// Something is missing.
  case missingField(path: String)
  /// A field holds the wrong kind of value.
  case wrongField(path: String, expected: String, found: String)
  /// A part of a kind that is not supported, such as a pre-tokenizer "Metaspace".
  case unsupportedPart(path: String, type: String)
  /// A setting that is not supported.
  case unsupportedSetting(path: String, found: String, reason: String)
  /// A regular expression cannot be used.
  case invalidPattern(path: String, PatternError)

  // The vocabulary and the merges.
  /// An id is negative, no integer or above the limit.
  case invalidID(token: String, found: String, limit: Int)
  /// Two tokens have one id.
  case duplicateID(Int, token: String)
  /// A token occurs twice.
  case duplicateToken(String)
  /// A merge is not two non-empty tokens; `found` is how it is spelled, or what it is.
  case malformedMerge(index: Int, found: String)
  /// A merge names, or makes, a token that the vocabulary does not have.
  case unknownTokenInMerge(index: Int, token: String)
  /// There are more merges than are accepted.
  case tooManyMerges(limit: Int)
  /// Bytes have no token, though a setting says what happens to them that is not supported.
  case incompleteAlphabet(missing: Int, setting: String)

  // Added tokens and the template.
  /// An added token is longer than is accepted; `token` is its beginning.
  case addedTokenTooLong(token: String, bytes: Int, limit: Int)
  /// An added token states another id than the one that its place in the file gives it.
  case misplacedAddedToken(token: String, stated: Int, assigned: Int)
  /// The normalizer makes two added tokens the same, or one of them empty.
  case indistinctAddedToken(token: String)
  /// The template names a special token that it does not define, or an id without token.
  case unknownTokenInTemplate(path: String, found: String)

  // What a tokenizer is asked to do.
  /// The bytes of a text are not UTF-8.
  case invalidUTF8(offset: Int)
  /// A text is longer than is accepted.
  case textTooLong(bytes: Int, limit: Int)
  /// Replacing makes a text far longer than it was.
  case growsTooMuch(path: String, bytes: Int, limit: Int)
}
