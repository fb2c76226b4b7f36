/// The few lines that stand in a repository where Git LFS keeps the file elsewhere.
///
/// Source: the pointer specification of Git LFS, version 1.
package enum GitLFSPointer {
  private static let start = Array("version https://git-lfs.github.com/spec/v1".utf8)
  /// A pointer is shorter than this.
  private static let sizeLimit = 1024

  /// Whether a file's bytes are a pointer to another file.
  package static func isPointer(_ bytes: [UInt8]) -> Bool {
    bytes.count < sizeLimit && bytes.starts(with: start)
  }

  /// Refuses an open file of that size if it is one.
  static func refuse(_ file: Descriptor, size: Int, path: String) throws(FileError) {
    guard (start.count..<sizeLimit).contains(size) else { return }
    if isPointer(try file.bytes(0..<start.count, path: path)) {
      throw .gitLFSPointer(path: path)
    }
  }
}
