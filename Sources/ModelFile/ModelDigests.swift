import ByteIO
import Diagnostics
import KibbleFormat
import Safetensors

/// SHA-256 of a model's weights and of the files that hold them.
public struct ModelDigests: Sendable {
  /// A file and its digest.
  public struct File: Sendable {
    /// Its name.
    public let name: String
    /// Its length in bytes.
    public let bytes: Int
    /// 64 hexadecimal digits.
    public let sha256: String
  }

  /// The digest of the bytes of all tensors in the order of the files, without headers and padding:
  /// that of two `.kibble` files is the same where only tokenizer, card or metadata differ.
  public let payload: String
  /// config.json and the files of the weights of a checkpoint, or the file.
  public let files: [File]

  /// Reads a model once, a `.kibble` file twice.
  ///
  /// - Parameters:
  ///   - source: the model.
  ///   - progress: hears of the bytes that are done.
  /// - Throws: `FileError` where a file was written meanwhile, or `Interruption`.
  public init(of source: ModelSource, progress: any ProgressSink = NoProgress()) throws {
    switch source {
    case .checkpoint(let folder, _):
      var config = SHA256()
      unsafe config.update(folder.configBytes.span.bytes)
      let file = File(
        name: FileSystem.name(of: folder.configPath), bytes: folder.configBytes.count,
        sha256: config.hexadecimal())
      try self.init(of: folder.files, before: [file], progress)
    case .kibble(let model):
      let file = try MappedFile(path: model.path)
      let planes = model.file.tensors.flatMap(\.planes)
      let total = file.count + planes.reduce(0) { $0 + $1.count }
      self = try progress.phase("hashing", total: total, unit: .bytes) {
        var payload = SHA256()
        for plane in planes { try payload.update(model.file.region, plane, progress) }
        var whole = SHA256()
        try whole.update(file, 0..<file.count, progress)
        let name = FileSystem.name(of: model.path)
        return ModelDigests(
          payload: payload.hexadecimal(),
          files: [File(name: name, bytes: file.count, sha256: whole.hexadecimal())])
      }
      try file.checkUnchanged()
    }
    try source.checkUnchanged()
  }

  /// Reads a file of weights once.
  public init(of file: SafetensorsFile, progress: any ProgressSink = NoProgress()) throws {
    try self.init(of: [file], before: [], progress)
    try file.file.checkUnchanged()
  }

  private init(
    of weights: [SafetensorsFile], before others: [File], _ progress: any ProgressSink
  ) throws {
    let total = weights.reduce(0) { $0 + $1.file.count }
    self = try progress.phase("hashing", total: total, unit: .bytes) {
      var payload = SHA256()
      var files = others
      for file in weights {
        var whole = SHA256()
        let start = file.tensors.first?.byteRange.lowerBound ?? file.file.count
        try whole.update(file.file, 0..<start, progress)
        try whole.update(file.file, start..<file.file.count, progress) { payload.update($0) }
        files.append(
          File(
            name: FileSystem.name(of: file.path), bytes: file.file.count,
            sha256: whole.hexadecimal()))
      }
      return ModelDigests(payload: payload.hexadecimal(), files: files)
    }
  }

  private init(payload: String, files: [File]) {
    self.payload = payload
    self.files = files
  }
}

extension SHA256 {
  /// Appends a range of a region, some at a time, and gives its pages back.
  fileprivate mutating func update(
    _ region: any ByteRegion, _ range: Range<Int>, _ progress: any ProgressSink,
    _ also: (RawSpan) -> Void = { _ in }
  ) throws {
    let step = 4 << 20
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      try progress.checkCancellation()
      let part = start..<min(start + step, range.upperBound)
      region.withBytes { bytes in
        update(bytes.extracting(part))
        also(bytes.extracting(part))
      }
      region.releasePages(part)
      progress.report(.advanced(by: part.count))
    }
  }
}
