import JSONCore
import Synchronization
import UnicodeText

/// A byte-level BPE tokenizer, read from a `tokenizer.json`.
///
/// It gives the ids and the texts that Hugging Face's `tokenizers` library gives, except that it
/// neither truncates nor pads, whatever the file says.
/// It can be used from several threads at once.
public final class Tokenizer: Sendable {
  let added: AddedVocabulary
  let normalizer: Normalizer
  let preTokenizer: PreTokenizer
  let postProcessor: PostProcessor
  let model: BytePairModel
  let decoder: Decoder
  /// What encoding needs, kept from text to text; one for each thread that ever was in here.
  private let scratches = Mutex<[EncodingScratch]>([])

  /// The greatest id plus one.
  public let vocabularySize: Int

  /// Reads a `tokenizer.json`.
  ///
  /// - Parameters:
  ///   - bytes: the file's contents.
  ///   - config: what the files beside it say; transformers lets them add tokens and change flags.
  /// - Throws: the first rule that the file breaks, or what it asks for that is not supported.
  public init(json bytes: [UInt8], config: TokenizerConfig? = nil) throws(TokenizerError) {
    var file = TokenizerFile()
    try bytes.withRawSpan { (bytes) throws(TokenizerError) in try file.read(bytes) }
    guard let model = file.model else { throw .missingField(path: "model") }
    self.model = model
    normalizer = try Normalizer(file.part("normalizer"))
    preTokenizer = try PreTokenizer(file.part("pre_tokenizer"))
    let added = try AddedVocabulary(
      file.part("added_tokens"), config?.declarations ?? TokenDeclarations(),
      vocabulary: model.tokens, normalizer: normalizer)
    self.added = added
    postProcessor = try PostProcessor(file.part("post_processor")) {
      model.tokens.contains($0) || added.token($0) != nil
    }
    decoder = try Decoder(file.part("decoder"))
    vocabularySize = max(model.tokens.idBound, added.idBound)
  }

  /// How a token is spelled in the file, such as "Ġthe"; nil if there is no such token.
  public func piece(_ id: Int) -> String? {
    if let token = added.token(id) { return token.content }
    return model.tokens.contains(id) ? model.tokens.spelling(id) : nil
  }

  /// The id of a token that is spelled so in the file.
  public func id(of piece: String) -> Int? {
    let bytes = Array(piece.utf8)
    return added.token(bytes)?.id ?? model.tokens.id(spelled: bytes.span, 0..<bytes.count)
  }

  /// The tokens that are put in front of a text.
  public var beginning: [Int] { postProcessor.prefix }

  /// Whether a token is marked as special: decoding may leave it out.
  public func isSpecial(_ id: Int) -> Bool { added.token(id)?.isSpecial ?? false }

  /// Lends what encoding needs to `body`.
  func withScratch<Result>(
    _ body: (inout EncodingScratch) throws(TokenizerError) -> Result
  ) throws(TokenizerError) -> Result {
    var scratch = scratches.withLock { $0.popLast() } ?? EncodingScratch()
    defer { scratches.withLock { $0.append(scratch) } }
    return try body(&scratch)
  }
}

/// The memory that encoding a text needs, and the words that were seen before.
struct EncodingScratch: Sendable {
  var cache = WordCache()
  var merger = PairMerger()
}
