import ByteIO
import KibbleFormat
import Safetensors

/// The names of blobs that this module looks at.
enum BlobName {
  static let config = "config.json"
  static let readme = "README.md"
}

extension ModelSource {
  /// The files that go into an output as they are, config.json first.
  ///
  /// The model card is not among them: it describes the checkpoint, and only a few of its fields
  /// are kept.
  func blobs() throws -> [(name: String, bytes: [UInt8])] {
    switch self {
    case .checkpoint(let folder, _):
      var blobs = [(name: BlobName.config, bytes: folder.configBytes)]
      for file in folder.sideFiles where file.name != BlobName.readme {
        blobs.append((file.name, try FileSystem.read(file.path, limit: Self.sideFileLimit)))
      }
      return blobs
    case .kibble(let model):
      return try model.carriedBlobs.map { ($0.name, try model.file.checkedBytes(of: $0)) }
    }
  }

  /// The largest file that is carried along; tokenizers have some ten megabytes.
  static let sideFileLimit = 64 << 20
}
