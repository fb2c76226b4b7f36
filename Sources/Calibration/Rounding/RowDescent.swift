import Kernels
import TensorCore

/// Coordinate descent over the codes and scales of one row, whose errors cost rᵀHr by an H of its
/// own.
struct RowDescent {
  let groupSize: Int
  let type: WeightType
  let low: Float
  let high: Float
  /// What is to be rounded, times 2^-E.
  let values: [Float]
  private(set) var codes: [Float]
  /// The scales, as they are stored.
  private(set) var scales: [Float]
  private var gradient: [Float] = []

  init(
    values: [Float], codes: [Float], scales: [Float], groupSize: Int, type: WeightType
  ) {
    self.values = values
    self.codes = codes
    self.scales = scales
    self.groupSize = groupSize
    self.type = type
    let range = CodeRange(type)
    low = range.low[0]
    high = range.high[0]
  }

  /// The values that the codes stand for, times 2^-E.
  func restored(_ column: Int) -> Float { codes[column] * scales[column / groupSize] }

  /// Takes each code in turn to its best value given all others, and then the group's scale.
  mutating func run(_ moments: FloatMatrix, sweeps: Int) {
    gradient = Array(repeating: 0, count: values.count)
    for column in values.indices {
      subtract(restored(column) - values[column], moments, column)
    }
    for _ in 0..<sweeps {
      for group in scales.indices {
        let columns = group * groupSize..<min((group + 1) * groupSize, values.count)
        descendCodes(columns, scales[group], moments)
        fitScale(of: group, columns, moments)
      }
    }
  }

  private mutating func descendCodes(
    _ columns: Range<Int>, _ scale: Float, _ moments: FloatMatrix
  ) {
    guard scale != 0 else { return }
    let shift: Float = 12_582_912
    for column in columns {
      let step = gradient[column] / moments[column][column] / scale
      let wanted = min(max((codes[column] + step + shift) - shift, low), high)
      guard wanted != codes[column] else { continue }
      subtract((wanted - codes[column]) * scale, moments, column)
      codes[column] = wanted
    }
  }

  /// gradient -= change · H's column.
  private mutating func subtract(_ change: Float, _ moments: FloatMatrix, _ column: Int) {
    guard change != 0 else { return }
    let row = moments[column]
    for other in gradient.indices { gradient[other] -= change * row[other] }
  }

  private mutating func fitScale(
    of group: Int, _ columns: Range<Int>, _ moments: FloatMatrix
  ) {
    var slope: Float = 0
    var curvature: Float = 0
    for column in columns {
      slope += codes[column] * gradient[column]
      let row = moments[column]
      var product: Float = 0
      for other in columns { product += row[other] * codes[other] }
      curvature += codes[column] * product
    }
    guard curvature > 0 else { return }
    let fitted = (scales[group] + slope / curvature).scale(of: type)
    guard fitted.isFinite, fitted != scales[group], fitted != 0 else { return }
    let change = fitted - scales[group]
    for column in columns { subtract(change * codes[column], moments, column) }
    scales[group] = fitted
  }
}
