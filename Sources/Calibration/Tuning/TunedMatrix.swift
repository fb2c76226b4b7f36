import Conversion
import Kernels
import Parallel
import TensorCore

/// A matrix, or a band of one, whose codes and scales learn from gradients.
///
/// A code is the nearest integer of a latent number, and gets its gradient as if it were that
/// number (straight-through estimation; Bengio et al. 2013, arXiv 1308.3432). Latent numbers and
/// scales move by Adam (Kingma and Ba 2014, arXiv 1412.6980). Rows never meet, so nothing depends
/// on threads.
final class TunedMatrix: Sendable {
  private let geometry: TensorGeometry
  /// Which rows of the whole matrix its rows are.
  private let names: [Int]
  private let exponent: Int
  private let low: Float
  private let high: Float
  /// The scales at the start, `[rows, groups]`.
  private let start: FloatMatrix
  /// What the scales have grown by, as a part of their start, `[rows, groups]`.
  private let growth: Moving
  /// Codes before rounding, `[rows, columns]`.
  private let latent: Moving

  /// Values, and what Adam knows of their gradients.
  private final class Moving: Sendable {
    let values: FloatMatrix
    let mean: FloatMatrix
    let square: FloatMatrix

    init(rows: Int, columns: Int) {
      values = FloatMatrix(rows: rows, columns: columns)
      mean = FloatMatrix(rows: rows, columns: columns)
      square = FloatMatrix(rows: rows, columns: columns)
    }

    /// Moves a value against its gradient.
    @inline(__always) func move(
      _ row: Int, _ column: Int, gradient: Float, _ step: AdamStep, part: Float = 1
    ) {
      let mean =
        self.mean[row][column] * AdamStep.meanDecay + gradient * (1 - AdamStep.meanDecay)
      let square =
        self.square[row][column] * AdamStep.squareDecay
        + gradient * gradient * (1 - AdamStep.squareDecay)
      self.mean[row][column] = mean
      self.square[row][column] = square
      guard square > 0 else { return }
      let root = (square * step.squareCorrection).squareRoot()
      values[row][column] -= part * step.rate * mean * step.meanCorrection / root
    }
  }

  /// - Parameters:
  ///   - geometry: how its rows are stored.
  ///   - names: which rows of the whole matrix its rows are.
  ///   - exponent: the power of two that its scales share.
  ///   - scales: without that power, `[rows, groups]`.
  ///   - restored: what the codes of the whole matrix stand for, `[…, columns]`.
  ///   - source: the whole matrix as it was, `[…, columns]`.
  init(
    _ geometry: TensorGeometry, names: [Int], exponent: Int, scales: FloatMatrix,
    restored: FloatMatrix,
    source: FloatMatrix
  ) {
    let range = CodeRange(geometry.type)
    self.geometry = geometry
    self.names = names
    self.exponent = exponent
    low = range.low[0]
    high = range.high[0]
    start = scales
    growth = Moving(rows: geometry.rows, columns: geometry.groupsPerRow)
    latent = Moving(rows: geometry.rows, columns: geometry.columns)
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    for row in 0..<geometry.rows {
      for column in 0..<geometry.columns {
        let scale = scales[row][column / geometry.groupSize] * unit
        guard scale != 0 else { continue }
        let code = (restored[names[row]][column] / scale).rounded(.toNearestOrEven)
        let rest = source[names[row]][column] / scale - code
        // A code stays what it is until a gradient says otherwise.
        latent.values[row][column] = code + min(max(rest, -Self.margin), Self.margin)
      }
    }
  }

  /// How far a latent number may be from its code at the start.
  private static let margin: Float = 0.45

  /// Moves codes and scales against the gradient of what they stand for, and stores what they
  /// stand for then in `weights`; both are of the whole matrix, `[…, columns]`.
  func move(
    _ gradient: FloatMatrix, _ weights: FloatMatrix, codes: AdamStep, scales: AdamStep,
    _ pool: ThreadPool
  ) {
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    // What a scale moves moves the largest code's value most: of no type by more than of int4.
    let scalePart = min(1, 7 / high)
    pool.forRanges(of: geometry.rows) { part in
      for row in part {
        for group in 0..<geometry.groupsPerRow {
          let scale = scale(row, group) * unit
          guard scale != 0 else { continue }
          var scaleGradient: Float = 0
          for column in columns(of: group) {
            let slope = gradient[names[row]][column]
            scaleGradient += slope * code(row, column)
            latent.move(row, column, gradient: slope * scale, codes)
            let value = latent.values[row][column]
            latent.values[row][column] = min(max(value, low - 0.49), high + 0.49)
          }
          let initial = start[row][group] * unit
          growth.move(row, group, gradient: scaleGradient * initial, scales, part: scalePart)
        }
        restore(row, to: weights, unit)
      }
    }
  }

  private func restore(_ row: Int, to weights: FloatMatrix, _ unit: Float) {
    for group in 0..<geometry.groupsPerRow {
      let scale = scale(row, group) * unit
      for column in columns(of: group) {
        weights[names[row]][column] = scale == 0 ? 0 : code(row, column) * scale
      }
    }
  }

  private func columns(of group: Int) -> Range<Int> {
    group * geometry.groupSize..<min((group + 1) * geometry.groupSize, geometry.columns)
  }

  private func code(_ row: Int, _ column: Int) -> Float {
    min(max(latent.values[row][column].rounded(.toNearestOrEven), low), high)
  }

  /// The scale as it is stored, without the power of two.
  private func scale(_ row: Int, _ group: Int) -> Float {
    (start[row][group] * (1 + growth.values[row][group])).scale(of: geometry.type)
  }

  /// The scales, and how far `weights` are from the source.
  func result(_ weights: FloatMatrix, source: FloatMatrix) -> RoundedTensor {
    var halves = [UInt16](
      repeating: 0,
      count: geometry.tileCount * geometry.groupsPerRow * TensorGeometry.tileRows)
    var statistics = ErrorStatistics()
    for row in 0..<geometry.rows {
      for group in 0..<geometry.groupsPerRow {
        halves[geometry.tiledScalePlace(row: row, group: group)] = scale(row, group).binary16
      }
      for column in 0..<geometry.columns {
        statistics.add(
          value: source[names[row]][column], stored: weights[names[row]][column])
      }
    }
    return RoundedTensor(exponent: exponent, scales: halves, statistics: statistics)
  }
}

/// The rate of one of Adam's steps, and the corrections of its means.
struct AdamStep {
  static let meanDecay: Float = 0.9
  static let squareDecay: Float = 0.99
  let rate: Float
  let meanCorrection: Float
  let squareCorrection: Float

  /// The n-th step, from 1.
  init(_ n: Int, rate: Float) {
    var mean: Float = 1
    var square: Float = 1
    for _ in 0..<n {
      mean *= Self.meanDecay
      square *= Self.squareDecay
    }
    self.rate = rate
    meanCorrection = 1 / (1 - mean)
    squareCorrection = 1 / (1 - square)
  }
}
