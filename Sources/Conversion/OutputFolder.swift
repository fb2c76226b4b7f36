import ByteIO
import ModelFile

/// The folder of an export, as far as it may be written.
enum OutputFolder {
  /// The names of files that an export writes; a folder of others is never replaced, and a blob
  /// of another name is left out, so that it cannot lead out of the folder.
  static let knownNames: Set<String> = [
    "config.json", "generation_config.json", "model.safetensors", "tokenizer.json",
    "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "merges.txt", "chat_template.jinja", BlobName.templateFolder, BlobName.readme, "LICENSE",
    "LICENSE.txt", "LICENSE.md",
  ]

  /// Refuses outputs that must not be touched.
  static func check(_ path: String, overwrite: Bool) throws {
    if FileSystem.exists(path) {
      guard FileSystem.isFolder(path) else { throw ConversionError.outputNotFolder(path: path) }
      guard overwrite else { throw ConversionError.folderExists(path: path) }
      let names = try FileSystem.names(inFolder: path)
      if let other = names.first(where: { !knownNames.contains($0) }) {
        throw ConversionError.folderHoldsOthers(path: path, name: other)
      }
    }
    try AtomicFolder.check(path)
  }
}
