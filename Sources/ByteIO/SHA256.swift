import CSystem
import Diagnostics

/// SHA-256 (FIPS 180-4, section 6.2).
public struct SHA256 {
  private var state = initialState
  /// What is left of the bytes behind the last whole block.
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  private static let blockBytes = 64

  /// The digest of no bytes so far.
  public init() {}

  /// Appends bytes.
  public mutating func update(_ bytes: RawSpan) {
    byteCount += UInt64(bytes.byteCount)
    var start = 0
    if !pending.isEmpty {
      start = min(Self.blockBytes - pending.count, bytes.byteCount)
      pending += bytes.bytes(0..<start) ?? []
      guard pending.count == Self.blockBytes else { return }
      let block = pending
      pending = []
      unsafe compress(block.span.bytes)
    }
    let end = bytes.byteCount - (bytes.byteCount - start) % Self.blockBytes
    compress(bytes.extracting(start..<end))
    pending += bytes.bytes(end..<bytes.byteCount) ?? []
  }

  /// Takes whole blocks.
  private mutating func compress(_ blocks: RawSpan) {
    unsafe blocks.withUnsafeBytes { blocks in
      guard let start = blocks.baseAddress else { return }
      unsafe kb_sha256_blocks(&state, start, blocks.count / Self.blockBytes)
    }
  }

  /// The digest of all bytes, as 64 hexadecimal digits.
  public consuming func hexadecimal() -> String {
    let bits = byteCount * 8
    let zeros = (2 * Self.blockBytes - 9 - pending.count) % Self.blockBytes
    let padding =
      [0x80] + [UInt8](repeating: 0, count: zeros)
      + (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
    unsafe update(padding.span.bytes)
    return (0..<8).map { Diagnostics.hexadecimal(state[$0]) }.joined()
  }

  /// The first 32 bits of the fractions of the square roots of the first 8 primes.
  private static let initialState: [UInt32] = [
    0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C,
    0x1F83_D9AB, 0x5BE0_CD19,
  ]
}
