import Synchronization

/// The results of a run: a buffer before stdout, which any thread may write to.
///
/// The buffer empties when it is full, when it is flushed, and at the end of the run.
package final class StandardOutput: Sendable {
  /// Takes all of the bytes, or throws.
  package typealias Destination = @Sendable ([UInt8]) throws(OutputError) -> Void

  private static let capacity = 64 * 1024

  private let buffer = Mutex<[UInt8]>([])
  private let destination: Destination

  package init(to destination: @escaping Destination) {
    self.destination = destination
  }

  /// A buffer before a file descriptor, which stays open.
  package convenience init(descriptor: Int32) {
    self.init { bytes throws(OutputError) in try writeAll(bytes, to: descriptor) }
  }

  package func write(_ text: String) throws(OutputError) {
    try empty { buffer in
      buffer.append(contentsOf: text.utf8)
      return buffer.count >= Self.capacity
    }
  }

  /// Writes a text and a line feed.
  package func writeLine(_ text: String = "") throws(OutputError) {
    try write(text + "\n")
  }

  /// Hands everything on, as for text that appears while it is made.
  package func flush() throws(OutputError) {
    try empty { _ in true }
  }

  /// Forgets what hasn't been handed on.
  package func discard() {
    buffer.withLock { $0.removeAll() }
  }

  private func empty(
    if isDue: (inout [UInt8]) -> Bool
  ) throws(OutputError) {
    // The lock is held over the write, so that texts of several threads keep their order.
    try buffer.withLock { buffer throws(OutputError) in
      guard isDue(&buffer), !buffer.isEmpty else { return }
      defer { buffer.removeAll(keepingCapacity: true) }
      try destination(buffer)
    }
  }
}
