import Diagnostics

/// The constants of formats/packed-v1.md.
enum PackedFormat {
  /// `\x89KIBPAK\n`.
  static let magic: [UInt8] = [0x89, 0x4B, 0x49, 0x42, 0x50, 0x41, 0x4B, 0x0A]
  static let majorVersion: UInt16 = 1
  static let headerBytes = 80
  /// Where the checksum of all that comes before the data stands in the header.
  static let checksumOffset = 76
  /// Tables of a file: their numbers are bytes.
  static let maximumTables = 256
  /// The least and the greatest size of a code that has a table of its own, in quarters of an octave.
  static let sizes = -8...31
  /// What the sums of a row's and a group's part of a scale's place stand above it.
  static let scaleBias = 128

  /// Rows of a chunk: some hundred thousand codes, in whole tiles.
  static func rowsPerChunk(columns: Int) -> Int { max(1, (1 << 17) / columns / 16) * 16 }
}
