import TensorCore

/// Rows of a matrix that are stored alike, from one on to the next band's first or to the last.
public struct RowBand: Equatable, Sendable {
  /// Its first row, as rows are stored: a multiple of 16.
  public let firstRow: Int
  /// Its type.
  public let type: WeightType
  /// Columns that share a scale, for quantized types.
  public let groupSize: Int

  /// A band.
  public init(firstRow: Int, type: WeightType, groupSize: Int) {
    self.firstRow = firstRow
    self.type = type
    self.groupSize = groupSize
  }
}

extension RowOrder {
  /// The most bands whose rows a recipe can name.
  static let mostNamedBands = 36

  /// The band of each row in a recipe: a digit to the base 36 each.
  var text: String { String(decoding: bands.map { Self.digits[Int($0)] }, as: UTF8.self) }

  /// What a recipe says; nil where it is no such text.
  init?(text: String) {
    var bands: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): bands.append(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "z"): bands.append(byte - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    self.init(bands: bands)
  }

  private static let digits = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
}
