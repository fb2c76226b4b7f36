import Calibration
import Kernels
import TensorCore
import TestSupport
import Testing

@Suite struct RoundingTests {
  /// Codes are those of plain GPTQ.
  @Test(arguments: [
    (WeightType.int2, -2, 1), (.int3, -4, 3), (.int4, -8, 7), (.int5, -16, 15), (.int6, -32, 31),
    (.int8, -127, 127), (.int3s, -4, 3), (.int4s, -8, 7),
  ])
  func plainReference(type: WeightType, least: Double, largest: Double) throws {
    let sample = try RoundingSample(columns: 24, type: type)
    let tile = sample.tile()
    tile.compensate()
    for lane in 0..<16 {
      // The inverse is kept whole, and a column that is done is taken out of it.
      var inverse = inverted(sample.moments, damping: 0.01)
      var weights = sample.weights[lane].map(Double.init)
      for column in weights.indices {
        let scale = Double(tile.scales[column / 8][lane])
        let code = min(max((weights[column] / scale).rounded(.toNearestOrEven), least), largest)
        #expect(Double(tile.codes[column][lane]) == code, "lane \(lane), column \(column)")
        let error = (weights[column] - code * scale) / inverse[column][column]
        for other in weights.indices where other >= column {
          weights[other] -= error * inverse[column][other]
        }
        let row = inverse[column]
        for i in row.indices {
          for j in row.indices { inverse[i][j] -= row[i] * row[j] / row[column] }
        }
      }
    }
  }

  /// Descent lowers the cost, and ends where no single code could lower it further.
  @Test func localOptimum() throws {
    let sample = try RoundingSample(columns: 24, type: .int4)
    let tile = sample.tile()
    tile.compensate()
    func restored(_ lane: Int) -> [Float] { (0..<24).map { tile.restored($0)[lane] } }
    var costs = (0..<16).map { sample.cost($0, restored($0)) }
    let before = costs.reduce(0, +)
    for _ in 0..<20 {
      tile.descend(sweeps: 1)
      for lane in 0..<16 {
        let cost = sample.cost(lane, restored(lane))
        #expect(cost <= costs[lane] * (1 + 1e-5))
        costs[lane] = cost
      }
    }
    #expect(costs.reduce(0, +) < 0.9 * before)
    for lane in 0..<16 {
      let values = restored(lane)
      for column in 0..<24 {
        for step: Float in [-1, 1] where (-8...7).contains(tile.codes[column][lane] + step) {
          var other = values
          other[column] += step * tile.scales[column / 8][lane]
          #expect(sample.cost(lane, other) >= costs[lane] * (1 - 1e-4))
        }
      }
    }
  }

  /// A row with a cost of its own is rounded by it.
  @Test func ownCost() throws {
    let sample = try RoundingSample(columns: 24, type: .int4)
    let tile = sample.tile()
    tile.compensate()
    // Only the last eight columns count for this row.
    let own = FloatMatrix(rows: 24, columns: 24)
    for column in 0..<24 {
      own.set(column, (0..<24).map { $0 == column ? (column < 16 ? 1e-3 : 1) : 0 })
    }
    func error(_ lane: Int) -> Float {
      (16..<24).reduce(0) {
        let rest = sample.weights[lane][$1] - tile.restored($1)[lane]
        return $0 + rest * rest
      }
    }
    let (before, neighbour) = (error(3), error(4))
    tile.descend(lane: 3, own, sweeps: 4)
    #expect(error(3) < before)
    #expect(error(4) == neighbour)
  }

  /// Rows of zeros stay zeros.
  @Test func zeros() throws {
    let sample = try RoundingSample(columns: 24, type: .int4)
    let tile = TileRounding(sample.geometry, metric: sample.metric)
    tile.compensate()
    tile.descend(sweeps: 2)
    for column in 0..<24 { #expect(tile.restored(column) == .zero) }
    #expect(tile.halves.allSatisfy { $0 == 0 })
  }
}

/// (H + damping)⁻¹ by Gauss and Jordan.
private func inverted(_ moments: [[Double]], damping: Double) -> [[Double]] {
  let size = moments.count
  let mean = moments.indices.reduce(0) { $0 + moments[$1][$1] } / Double(size)
  var rows = moments.enumerated().map { i, row in
    row.enumerated().map { $0 == i ? $1 + damping * mean : $1 }
      + (0..<size).map { $0 == i ? 1.0 : 0 }
  }
  for pivot in 0..<size {
    rows[pivot] = rows[pivot].map { $0 / rows[pivot][pivot] }
    for other in 0..<size where other != pivot {
      let factor = rows[other][pivot]
      rows[other] = zip(rows[other], rows[pivot]).map { $0 - factor * $1 }
    }
  }
  return rows.map { Array($0[size...]) }
}
