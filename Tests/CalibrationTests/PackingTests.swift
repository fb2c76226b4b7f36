import ByteIO
import Calibration
import Conversion
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TensorCore
import TestSupport
import Testing
import Verification

@Suite struct StepSearchTests {
  /// Runs a search on a file whose size is a function of log2 Δ.
  private func found(
    _ budget: SizeBudget, few: (Double) -> Double, all: (Double) -> Double
  ) -> (best: Double?, trials: Int) {
    var search = StepSearch(budget)
    var trials = 0
    func octave(_ step: Double) -> Double { deterministicLog(step) / 0.6931471805599453 }
    while let step = search.next {
      trials += 1
      search.note(step, size: few(octave(step)))
    }
    search.beginFinal()
    var best: Double?
    while let step = search.next {
      trials += 1
      let size = all(octave(step))
      if search.note(step, size: size) { best = size }
    }
    return (best, trials)
  }

  /// A bit for each octave at high rates, less at low ones, as entropy has it.
  private func bits(_ octave: Double) -> Double {
    let high = -octave - 9.7
    return high > 2 ? high : 2 * deterministicExp((high - 2) / 2)
  }

  @Test(arguments: [1.2, 2.0, 3.5, 4.3, 4.6, 5.05, 6.6, 8])
  func meetsTheBudget(_ target: Double) throws {
    let (best, trials) = found(
      .bitsPerWeight(target), few: { self.bits($0) * 1.01 }, all: { self.bits($0) })
    let size = try #require(best)
    #expect(size <= target && size >= 0.994 * target, "\(size)")
    #expect(trials <= 12, "\(trials)")
  }

  @Test func bytes() throws {
    let (best, _) = found(
      .fileBytes(3_000_000), few: { 6e5 + 8e5 * self.bits($0) }, all: { 6e5 + 8e5 * self.bits($0) })
    let size = try #require(best)
    #expect(size <= 3e6 && size >= 0.994 * 3e6)
  }

  /// Codes of int8 hold no more: the largest file is what there is.
  @Test func atTheTypesLimit() throws {
    func size(_ octave: Double) -> Double { min(bits(octave), 7.2) }
    #expect(found(.bitsPerWeight(9), few: size, all: size).best == 7.2)
  }

  /// What is not packed may be too large alone.
  @Test func belowWhatIsPossible() {
    func size(_ octave: Double) -> Double { 1.5 + bits(octave) }
    #expect(found(.bitsPerWeight(1.2), few: size, all: size).best == nil)
  }
}

@Suite struct MatrixStepsTests {
  private func geometry(_ rows: Int, _ columns: Int) throws -> TensorGeometry {
    try #require(
      TensorGeometry(type: .int8, arrangement: .tiles, shape: [rows, columns], groupSize: 32))
  }

  /// What codes of a column stand for is near what was wanted, and int8 has room for the largest.
  @Test func nearWhatIsWanted() throws {
    var random = SplitMix(11)
    let geometry = try geometry(40, 80)
    let columns = (0..<80).map { _ in 1 + 3 * random.fraction() }
    let rows = (0..<40).map { _ in 1e-3 * (0.2 + random.fraction()) }
    // Row 3 is too large for its step, the others are not.
    let magnitudes = (0..<40).map { row in
      (0..<3).map { Float(rows[row]) * ($0 == 1 && row == 3 ? 700 : 9) }
    }
    let steps = MatrixSteps(geometry, rows: rows, columns: columns, magnitudes: magnitudes)
    #expect(steps.multipliers.count == 80)
    #expect(steps.multipliers.allSatisfy { (1...127).contains($0) })
    #expect(Set(steps.multipliers).count > 1)
    let unit = Double(sign: .plus, exponent: steps.exponent, significand: 1)
    for row in 0..<40 {
      for column in 0..<80 {
        let scale = Double(steps.scale(row: row, group: column / 32)) * unit
        #expect(Double(magnitudes[row][column / 32]) <= 127 * scale)
        let ratio = scale * Double(steps.multipliers[column]) / (rows[row] * columns[column])
        if row == 3 && column / 32 == 1 {
          #expect(ratio > 1.5, "\(ratio)")
        } else {
          // The least multiple is up to 3 times what is wanted in the worst case, and scales are
          // rounded to eighths of an octave; here it is less.
          #expect((0.55...1.82).contains(ratio), "\(ratio)")
        }
      }
    }
  }

  /// Where all columns want the same there is nothing to tell apart, however far rows are.
  @Test func farRows() throws {
    let geometry = try geometry(3, 32)
    let rows = [1e-30, 1.0, 1e-12]
    let steps = MatrixSteps(
      geometry, rows: rows, columns: [Double](repeating: 1, count: 32),
      magnitudes: [[1e-30], [100], [0]])
    #expect(steps.multipliers == [Int](repeating: steps.multipliers[0], count: 32))
    #expect((0..<3).allSatisfy { steps.scale(row: $0, group: 0) > 0 })
  }
}

@Suite struct PackedFileTests {
  private func packed(
    _ fixture: String, bits: Double, _ sequences: [[Int]], _ engine: Engine, in folder: String
  ) throws -> (path: String, report: ConversionReport) {
    let plan = try engine.plan(
      fixture,
      EncodingRecipe(
        target: .packed, method: .gptq, calibration: CalibrationSummary(sequences)))
    let path = folder + "/packed.kibble"
    let (report, _) = try engine.calibrator.writePacked(
      plan, under: .bitsPerWeight(bits), sequences: sequences, to: path, overwrite: true)
    return (path, report)
  }

  @Test(arguments: ["doge-nano", "reference/e6-moe"])
  func sameBytes(_ fixture: String) throws {
    let folder = try TemporaryFolder()
    let vocabulary = try ModelSource.open(path: Fixtures.folder(fixture)).config.vocabularySize
    let sequences = TokenSequences.random(40, seed: 5, vocabulary: vocabulary, window: 25)
    // Small tensors stay float32, and are most of the smallest model.
    let bits = fixture == "doge-nano" ? 4.0 : 20
    let (path, _) = try packed(fixture, bits: bits, sequences, Engine(.scalar), in: folder.path)
    let expected = try fileBytes(path)
    for isa in InstructionSet.available {
      let engine = try Engine(isa, threads: 3)
      let (path, _) = try packed(fixture, bits: bits, sequences, engine, in: folder.path)
      #expect(try fileBytes(path) == expected, "\(isa)")
    }
  }

  /// Within the budget, whole, and half as far from the model as int4 of the same size.
  @Test func nearerThanInt4() throws {
    let folder = try TemporaryFolder()
    let engine = try Engine(threads: 2)
    let demo = CalibratorTests.demo
    let sequences = Array(demo[..<4])
    let int4 = try engine.gptq("doge-nano", .int4, sequences).model
    let (path, report) = try packed(
      "doge-nano", bits: int4.bitsPerWeight, sequences, engine, in: folder.path)
    let model = try StoredModel(path: path)
    try model.file.check()
    #expect(report.bytes == (try fileBytes(path)).count)
    #expect(report.bitsPerWeight == model.bitsPerWeight)
    #expect(model.bitsPerWeight <= int4.bitsPerWeight)
    #expect(model.bitsPerWeight >= 0.99 * int4.bitsPerWeight)
    #expect(model.file.metadata["recipe"]?["type"] == "packed")
    let source = try engine.converter.load(
      engine.plan("doge-nano", EncodingRecipe(target: .source))
    ).model
    let klds = try Verifier(
      reference: engine.model(source), candidates: [engine.model(model), engine.model(int4)],
      compute: engine.compute
    ).compare(Array(demo[4...])).map(\.kld.mean.value)
    #expect(klds[0] < 0.5 * klds[1], "\(klds)")
  }

  @Test func tooSmallABudget() throws {
    let folder = try TemporaryFolder()
    #expect(throws: ConversionError.self) {
      _ = try packed("doge-nano", bits: 0.1, [[1, 2, 3]], Engine(), in: folder.path).path
    }
    #expect(!FileSystem.exists(folder.path + "/packed.kibble"))
  }
}

extension SplitMix {
  /// A number from 0 to 1.
  fileprivate mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }
}
