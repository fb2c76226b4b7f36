import ByteIO
import Diagnostics
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
  package static let addedTokens = "added_tokens.json"
  /// The folder of the templates with names of their own, `NAME.jinja`.
  package static let templateFolder = CheckpointFolder.templateFolder

  /// The path of a named template in a checkpoint's folder.
  package static func path(ofTemplate name: String) -> String {
    templateFolder + "/" + name + ".jinja"
  }

  /// The name of a named template whose path, or whose blob, is called so; nil for other files.
  ///
  /// A blob's name is a plain file name, so that a colon stands there for the slash.
  package static func template(_ path: String) -> String? {
    guard path.hasPrefix(templateFolder), path.hasSuffix(".jinja") else { return nil }
    let rest = path.dropFirst(templateFolder.utf8.count)
    guard rest.hasPrefix(":") || rest.hasPrefix("/"), !rest.dropFirst().contains("/") else {
      return nil
    }
    return String(rest.dropFirst().dropLast(".jinja".utf8.count))
  }

  /// The name of the blob that holds a file of a checkpoint's folder.
  ///
  /// - Throws: `templateName` for a named template whose name no blob can have.
  package static func blob(_ path: String) throws(ModelFileError) -> String {
    guard let template = template(path) else { return path }
    let name = templateFolder + ":" + template + ".jinja"
    guard name.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }),
      name.utf8.count <= KibbleFormat.maximumNameBytes
    else { throw .templateName(path: path) }
    return name
  }

  /// The files that hold a JSON object each, but for config.json and tokenizer.json, which are read
  /// as what they are.
  package static let json = [
    generationConfig, tokenizerConfig, specialTokensMap, addedTokens, "vocab.json",
  ]
}

extension ModelSource {
  /// The files that go into an output as they are, config.json first.
  package func blobs() throws -> [(name: String, bytes: [UInt8])] {
    switch self {
    case .checkpoint(let folder, _):
      var blobs = [(name: BlobName.config, bytes: folder.configBytes)]
      for file in folder.sideFiles {
        // A card that is too large to be looked into counts as none.
        if file.name == BlobName.readme, (FileSystem.size(file.path) ?? 0) > Limits.modelCard {
          continue
        }
        let bytes = try FileSystem.read(file.path, limit: Limits.sideFile)
        blobs.append((try BlobName.blob(file.name), bytes))
      }
      return blobs
    case .kibble(let model):
      return try model.carriedBlobs.map { ($0.name, try model.file.checkedBytes(of: $0)) }
    }
  }
}
