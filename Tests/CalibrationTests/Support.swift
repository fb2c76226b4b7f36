import ByteIO
import Calibration
import Conversion
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import Quantization
import TensorCore
import TestSupport
import Testing

/// Inputs whose elements depend on each other, as a layer's do.
func correlatedInputs(_ rows: Int, _ columns: Int, seed: UInt64) -> FloatMatrix {
  var random = SplitMix(seed)
  let x = FloatMatrix(rows: rows, columns: columns)
  for row in 0..<rows {
    let common = random.normal()
    x.set(row, (0..<columns).map { random.normal() + common * (0.2 + Float($0 % 5) / 4) })
  }
  return x
}

/// The same sum of x xᵀ as kibble's, from the definition.
func directMoments(_ x: FloatMatrix) -> [[Double]] {
  let values = (0..<x.rows).map { x.row($0).map(Double.init) }
  return (0..<x.columns).map { i in
    (0..<x.columns).map { j in values.reduce(0) { $0 + $1[i] * $1[j] } }
  }
}

extension DoubleMatrix {
  convenience init(_ rows: [[Double]]) {
    self.init(size: rows.count)
    for (i, row) in rows.enumerated() {
      for (j, value) in row.enumerated() { self[i, j] = value }
    }
  }

  var values: [[Double]] { (0..<size).map { i in (0..<size).map { self[i, $0] } } }
}

/// Sixteen rows to round, and what is needed for it.
struct RoundingSample {
  let geometry: TensorGeometry
  let metric: RoundingMetric
  let moments: [[Double]]
  let weights: [[Float]]  // [16][columns]

  init(columns: Int, type: WeightType, group: Int = 8, damping: Double = 0.01) throws {
    let x = correlatedInputs(100, columns, seed: 7)
    moments = directMoments(x)
    let sums = DoubleMatrix(moments)
    let factor = try InverseFactor(sums, damping: damping, pool: ThreadPool(threads: 1))
    metric = RoundingMetric(sums, factor: factor)
    geometry = try #require(
      TensorGeometry(type: type, arrangement: .tiles, shape: [16, columns], groupSize: group))
    var random = SplitMix(3)
    weights = (0..<16).map { _ in random.normals(columns) }
  }

  func tile() -> TileRounding {
    let tile = TileRounding(geometry, metric: metric)
    for column in 0..<geometry.columns {
      for lane in 0..<16 { tile.values[column][lane] = weights[lane][column] }
    }
    return tile
  }

  /// rᵀ(H + damping)r of a row that was rounded to some values.
  func cost(_ lane: Int, _ restored: [Float]) -> Double {
    let rest = zip(weights[lane], restored).map { Double($0) - Double($1) }
    let mean = moments.indices.reduce(0) { $0 + moments[$1][$1] } / Double(moments.count)
    var cost = 0.0
    for i in rest.indices {
      for j in rest.indices {
        cost += rest[i] * rest[j] * (moments[i][j] + (i == j ? 0.01 * mean : 0))
      }
    }
    return cost
  }
}

/// Kernels and threads to run on.
struct Engine {
  let compute: Compute

  init(_ isa: InstructionSet? = nil, threads: Int = 1) throws {
    compute = try Compute(isa: isa, threads: threads)
  }
  var converter: Converter { Converter(compute: compute) }
  var calibrator: Calibrator { Calibrator(converter: converter, compute: compute) }

  /// Plans for a fixture, or for a checkpoint elsewhere.
  func plan(_ fixture: String, _ recipe: EncodingRecipe) throws -> ConversionPlan {
    try ConversionPlan(
      source: .open(path: fixture.hasPrefix("/") ? fixture : Fixtures.folder(fixture)),
      recipe: recipe, toolVersion: "1.2.3")
  }

  /// A fixture in memory, rounded with some tokens.
  func gptq(
    _ fixture: String, _ type: WeightType, _ sequences: [[Int]]
  ) throws -> (model: StoredModel, report: ConversionReport, warnings: [String]) {
    let plan = try plan(
      fixture,
      EncodingRecipe(
        target: .weights(type), method: .gptq, calibration: CalibrationSummary(sequences)))
    return try calibrator.load(plan, sequences: sequences)
  }

  func model(_ stored: StoredModel) -> DogeModel { DogeModel(stored, compute: compute) }
}

extension KibbleFile {
  /// All bytes.
  var bytes: [UInt8] { region.bytes(0..<region.count) }
}
