import CKernels
import Conversion
import DogeModel
import Kernels
import ModelFile
import Parallel
import Quantization
import TensorCore

/// A matrix whose codes and scales were chosen.
struct RoundedMatrix: Sendable {
  /// The scales, and the error made.
  let tensor: RoundedTensor
  /// `[rows, columns]`; nothing where they were not to be kept.
  let codes: [Int8]
}

/// A matrix of float32 values that is rounded in place.
@safe struct MatrixRounding: @unchecked Sendable {
  private let geometry: TensorGeometry
  private let values: TensorGeometry
  private let metric: RoundingMetric
  private let base: UnsafeMutablePointer<Float>
  private var columnStride: Int { values.floatStride }

  /// - Parameters:
  ///   - geometry: how the matrix will be stored.
  ///   - values: how its values lie in memory: as float32.
  ///   - metric: what errors cost.
  ///   - base: the first value.
  init(
    _ geometry: TensorGeometry, values: TensorGeometry, metric: RoundingMetric,
    base: UnsafeMutablePointer<Float>
  ) {
    precondition(values.type == .f32, "not float32")
    self.geometry = geometry
    self.values = values
    self.metric = metric
    unsafe self.base = base
  }

  /// Multiplications that rounding takes, about.
  static func work(_ geometry: TensorGeometry, sweeps: Int) -> Int {
    geometry.elementCount * geometry.columns * (2 + 2 * sweeps)
  }

  /// Rounds all rows, and leaves what the codes stand for in their place.
  ///
  /// - Parameters:
  ///   - sweeps: of coordinate descent.
  ///   - rowCosts: makes what knows the costs of rows, where those differ.
  ///   - isPlain: whether a row is rounded without regard to the inputs.
  ///   - keepsCodes: whether the codes are returned, too.
  ///   - pool: the threads.
  /// - Returns: the scales, and the error made.
  func round(
    sweeps: Int, rowCosts: (() -> TokenUncertainty.RowCosts)? = nil,
    isPlain: ((_ row: Int) -> Bool)? = nil, keepsCodes: Bool = false, pool: ThreadPool
  ) -> RoundedMatrix {
    let exponent = TensorExponent.forMagnitude(magnitude(pool))
    let tiles = pool.map(geometry.tileCount) { tile in
      var rounding = load(tile, exponent, metric)
      rounding.compensate()
      rounding.descend(sweeps: sweeps)
      let rows = rows(of: tile)
      if let costs = rowCosts?() {
        for (lane, row) in rows.enumerated() {
          guard let moments = costs.moments(of: row) else { continue }
          rounding.descend(lane: lane, moments, sweeps: sweeps)
        }
      }
      if let isPlain, rows.contains(where: isPlain) {
        var plain = load(tile, exponent, .plain)
        plain.compensate()
        for (lane, row) in rows.enumerated() where isPlain(row) {
          rounding.copy(lane: lane, of: plain)
        }
      }
      let codes = keepsCodes ? rounding.codes(rows: rows.count) : []
      let (scales, statistics) = store(rounding, tile, exponent)
      return (scales: scales, statistics: statistics, codes: codes)
    }
    var statistics = ErrorStatistics()
    for tile in tiles { statistics.add(tile.statistics) }
    return RoundedMatrix(
      tensor: RoundedTensor(
        exponent: exponent, scales: tiles.flatMap(\.scales), statistics: statistics),
      codes: tiles.flatMap(\.codes))
  }

  /// Leaves what codes that were chosen before stand for, with the bits that rounding left.
  func restore(_ rounded: RoundedMatrix, pool: ThreadPool) {
    let unit = Float(sign: .plus, exponent: rounded.tensor.exponent, significand: 1)
    pool.run(geometry.tileCount) { tile in
      for row in rows(of: tile) {
        let start = unsafe address(of: row)
        for column in 0..<geometry.columns {
          let place = geometry.tiledScalePlace(row: row, group: column / geometry.groupSize)
          let scale = kb_f32_from_f16(rounded.tensor.scales[place])
          let code = Float(rounded.codes[row * geometry.columns + column])
          unsafe start[column * columnStride] = code * scale * unit
        }
      }
    }
  }

  /// What rounding would cost, compensated where the type is quantized: Σ rᵀDr over all rows.
  ///
  /// Nothing is changed. The errors of a float type count as independent of each other.
  func cost(_ pool: ThreadPool) -> Double {
    guard geometry.type.isQuantized else { return floatCost(pool) }
    let exponent = TensorExponent.forMagnitude(magnitude(pool))
    let costs = pool.map(geometry.tileCount) { tile in
      var rounding = load(tile, exponent, metric)
      let costs = rounding.compensate()
      return (0..<rows(of: tile).count).reduce(0.0) { $0 + Double(costs[$1]) }
    }
    let unit = Double(sign: .plus, exponent: 2 * exponent, significand: 1)
    return costs.reduce(0, +) * unit
  }

  private func floatCost(_ pool: ThreadPool) -> Double {
    guard geometry.type != .f32 else { return 0 }
    return pool.map(geometry.tileCount) { tile in
      var cost = 0.0
      for row in rows(of: tile) {
        let start = unsafe address(of: row)
        for column in 0..<geometry.columns {
          let value = unsafe start[column * columnStride]
          let error = Double(value - value.rounded(to: geometry.type))
          let weight = unsafe metric.coupling?.moments[column][column] ?? 1
          cost += error * error * Double(weight)
        }
      }
      return cost
    }.reduce(0, +)
  }

  private func magnitude(_ pool: ThreadPool) -> Float {
    pool.map(geometry.tileCount) { tile in
      var largest: Float = 0
      for row in rows(of: tile) {
        let start = unsafe address(of: row)
        for column in 0..<geometry.columns {
          unsafe largest = max(largest, abs(start[column * columnStride]))
        }
      }
      return largest
    }.reduce(0, max)
  }

  private func rows(of tile: Int) -> Range<Int> {
    let first = tile * TensorGeometry.tileRows
    return first..<min(first + TensorGeometry.tileRows, geometry.rows)
  }

  /// A row's first value.
  private func address(of row: Int) -> UnsafeMutablePointer<Float> {
    unsafe base + values.firstFloat(of: row)
  }

  private func load(_ tile: Int, _ exponent: Int, _ metric: RoundingMetric) -> TileRounding {
    let inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
    let rounding = TileRounding(geometry, metric: metric)
    for (lane, row) in rows(of: tile).enumerated() {
      let start = unsafe address(of: row)
      for column in 0..<geometry.columns {
        unsafe rounding.values[column][lane] = start[column * columnStride] * inverse
      }
    }
    return rounding
  }

  private func store(
    _ rounding: borrowing TileRounding, _ tile: Int, _ exponent: Int
  ) -> (scales: [UInt16], statistics: ErrorStatistics) {
    let unit = Float(sign: .plus, exponent: exponent, significand: 1)
    var statistics = ErrorStatistics()
    for (lane, row) in rows(of: tile).enumerated() {
      let start = unsafe address(of: row)
      for column in 0..<geometry.columns {
        let restored = rounding.restored(column)[lane] * unit
        unsafe statistics.add(value: start[column * columnStride], stored: restored)
        unsafe start[column * columnStride] = restored
      }
    }
    let scales = rounding.halves.flatMap { half in
      (0..<TensorGeometry.tileRows).map { half[$0] }
    }
    return (scales, statistics)
  }
}

extension TensorGeometry {
  /// Where a row of float32 values begins among the tensor's.
  func firstFloat(of row: Int) -> Int {
    guard arrangement == .tiles else { return row * paddedColumns }
    let (tile, lane) = row.quotientAndRemainder(dividingBy: Self.tileRows)
    return tile * paddedColumns * Self.tileRows + lane
  }

  /// How far a row's next float32 value lies from one.
  var floatStride: Int { arrangement == .tiles ? Self.tileRows : 1 }
}

extension Float {
  /// The nearest value of a float type, of two the even one.
  fileprivate func rounded(to type: WeightType) -> Float {
    switch type {
    case .f16: kb_f32_from_f16(kb_f16_from_f32(self))
    case .bf16: Float(bitPattern: (bitPattern + 0x7FFF + bitPattern >> 16 & 1) & 0xFFFF_0000)
    default: self
    }
  }
}
