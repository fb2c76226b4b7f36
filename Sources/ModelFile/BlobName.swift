import ByteIO
import KibbleFormat
import Safetensors

/// The names that files beside the weights have in every checkpoint.
package enum BlobName {
  package static let config = "config.json"
  package static let readme = "README.md"
  package static let generationConfig = "generation_config.json"
  package static let tokenizer = "tokenizer.json"
  package static let tokenizerConfig = "tokenizer_config.json"
  package static let specialTokensMap = "special_tokens_map.json"
  package static let chatTemplate = "chat_template.jinja"

  /// The files that hold a JSON object each, but for config.json and tokenizer.json, which are read
  /// as what they are.
  package static let json = [
    generationConfig, tokenizerConfig, specialTokensMap, "added_tokens.json", "vocab.json",
  ]
}

extension ModelSource {
  /// The files that go into an output as they are, config.json first.
  ///
  /// The model card is not among them: it describes the checkpoint, and only a few of its fields
  /// are kept.
  package func blobs() throws -> [(name: String, bytes: [UInt8])] {
    switch self {
    case .checkpoint(let folder, _):
      var blobs = [(name: BlobName.config, bytes: folder.configBytes)]
      for file in folder.sideFiles where file.name != BlobName.readme {
        blobs.append((file.name, try FileSystem.read(file.path, limit: SideFiles.sizeLimit)))
      }
      return blobs
    case .kibble(let model):
      return try model.carriedBlobs.map { ($0.name, try model.file.checkedBytes(of: $0)) }
    }
  }
}
