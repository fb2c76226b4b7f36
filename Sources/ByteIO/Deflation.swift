import CZlib

/// Compression by zlib (RFC 1950).
package enum Deflation {
  /// Compresses bytes at zlib's own level.
  ///
  /// - Parameter bytes: what is compressed.
  /// - Returns: the compressed bytes; nil where memory is short.
  package static func zlib(_ bytes: [UInt8]) -> [UInt8]? {
    var length = compressBound(uLong(bytes.count))
    var result = [UInt8](repeating: 0, count: Int(length))
    let status = unsafe compress2(
      &result, &length, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION)
    guard status == Z_OK else { return nil }
    result.removeSubrange(Int(length)...)
    return result
  }
}
