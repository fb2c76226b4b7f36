import CZlib

/// Compressed data, written out.
package struct Inflation: Equatable, Sendable {
  /// The bytes that were written, at most the target's.
  package let written: Int
  /// The bytes of the source that were needed for them.
  package let read: Int
  /// Whether the data came to their end.
  package let isComplete: Bool

  package init(written: Int, read: Int, isComplete: Bool) {
    (self.written, self.read, self.isComplete) = (written, read, isComplete)
  }

  /// What stands around deflate data (RFC 1951).
  package enum Wrapper: Int32, Sendable {
    /// Nothing, as in zip archives.
    case none = -15
    /// zlib's header and checksum (RFC 1950).
    case zlib = 15
  }

  /// Inflates data until they end, break a rule or would leave the target.
  ///
  /// - Parameters:
  ///   - source: the data.
  ///   - target: where their bytes go.
  ///   - wrapper: what stands around them.
  /// - Returns: how far it came; nil where the data break a rule of the format, or memory is short.
  package static func run(
    _ source: RawSpan, into target: MemoryBuffer, wrapper: Wrapper = .none
  ) -> Inflation? {
    var stream = unsafe z_stream()
    let size = unsafe Int32(MemoryLayout<z_stream>.size)
    guard unsafe inflateInit2_(&stream, wrapper.rawValue, ZLIB_VERSION, size) == Z_OK else {
      return nil
    }
    defer { _ = unsafe inflateEnd(&stream) }
    return unsafe source.withUnsafeBytes { source in
      let start = unsafe source.baseAddress?.assumingMemoryBound(to: UInt8.self)
      var (read, written) = (0, 0)
      while true {
        // zlib counts in 32 bits.
        let input = min(source.count - read, 1 << 30)
        let room = min(target.count - written, 1 << 30)
        unsafe stream.next_in = UnsafeMutablePointer(mutating: start.map { unsafe $0 + read })
        unsafe stream.avail_in = UInt32(input)
        unsafe stream.next_out = target.mutablePointer(at: written)
          .assumingMemoryBound(to: UInt8.self)
        unsafe stream.avail_out = UInt32(room)
        let status = unsafe inflate(&stream, Z_NO_FLUSH)
        let taken = unsafe input - Int(stream.avail_in)
        let given = unsafe room - Int(stream.avail_out)
        read += taken
        written += given
        if status == Z_STREAM_END {
          return Inflation(written: written, read: read, isComplete: true)
        }
        // Nothing more to be had from the data, or no room for it.
        if status == Z_BUF_ERROR || status == Z_OK && taken == 0 && given == 0 {
          return Inflation(written: written, read: read, isComplete: false)
        }
        guard status == Z_OK else { return nil }
      }
    }
  }
}
