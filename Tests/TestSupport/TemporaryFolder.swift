import Foundation

/// An empty folder that is removed with its contents when nothing refers to it any more.
public final class TemporaryFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Creates a folder among the system's temporary files.
  public init() throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "kibble-\(UUID())")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in the folder.
  public func path(_ name: String) -> String { path + "/" + name }

  /// The names of what is in the folder, or in a folder of it, sorted.
  public func names(in name: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path(name)).sorted()
  }

  /// The bytes of a file.
  public func read(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// Writes a file; the folders on its way are created.
  @discardableResult
  public func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return path(name)
  }

  /// Writes a text file.
  @discardableResult
  public func write(_ name: String, _ text: String) throws -> String {
    try write(name, Array(text.utf8))
  }

  /// Copies a checkpoint of the fixtures, so that a test can change it.
  public func copy(fixture: String, as name: String = "checkpoint") throws -> String {
    try FileManager.default.copyItem(atPath: Fixtures.folder(fixture), toPath: path(name))
    return path(name)
  }
}

extension TemporaryFolder {
  /// Copies a checkpoint of the fixtures with all values of an F32 tensor replaced.
  public func copy(
    fixture: String, setting tensor: String, to value: Float, as name: String = "checkpoint"
  ) throws -> String {
    let path = try copy(fixture: fixture, as: name)
    let file = name + "/model.safetensors"
    var bytes = try read(file)
    let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length]))
    let entry = (header as? [String: Any])?[tensor] as? [String: Any]
    guard let offsets = entry?["data_offsets"] as? [Int], entry?["dtype"] as? String == "F32" else {
      throw CocoaError(.fileReadCorruptFile)
    }
    let new = withUnsafeBytes(of: value.bitPattern.littleEndian) { [UInt8]($0) }
    for place in stride(from: offsets[0], to: offsets[1], by: 4) {
      bytes.replaceSubrange(8 + length + place..<8 + length + place + 4, with: new)
    }
    try write(file, bytes)
    return path
  }
}

/// The bytes of a file.
public func fileBytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}
