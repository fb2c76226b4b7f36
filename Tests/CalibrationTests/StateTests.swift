import ByteIO
import Calibration
import Conversion
import Diagnostics
import KibbleFormat
import ModelFile
import Quantization
import Synchronization
import TensorCore
import TestSupport
import Testing
import Verification

/// Calibrations that are interrupted, and continued from a file.
@Suite struct StateTests {
  private static let headerLength = 32
  private let folder: TemporaryFolder
  private let engine: Engine
  private var state: String { folder.path("state") }
  private var output: String { folder.path("out.kibble") }

  init() throws {
    folder = try TemporaryFolder()
    engine = try Engine(threads: 2)
  }

  private static func sequences(_ fixture: String, seed: UInt64 = 5) throws -> [[Int]] {
    let vocabulary = try ModelSource.open(path: Fixtures.folder(fixture)).config.vocabularySize
    return TokenSequences.random(40, seed: seed, vocabulary: vocabulary, window: 25)
  }

  private func plan(
    _ fixture: String, _ sequences: [[Int]], type: WeightType = .int4, tuningSteps: Int = 0,
    toolVersion: String = "1.2.3"
  ) throws -> ConversionPlan {
    var recipe = EncodingRecipe(
      target: .weights(type), method: .gptq, calibration: CalibrationSummary(sequences))
    recipe.tuningSteps = tuningSteps
    return try ConversionPlan(
      source: .open(path: Fixtures.folder(fixture)), recipe: recipe, toolVersion: toolVersion)
  }

  private struct Outcome: Equatable {
    let bytes: [UInt8]
    let errors: [Double]
    let warnings: [String]
  }

  private func run(
    _ plan: ConversionPlan, _ sequences: [[Int]], statePath: String?,
    _ progress: any ProgressSink = NoProgress()
  ) throws -> Outcome {
    let calibrator = Calibrator(
      converter: Converter(compute: engine.compute, progress: progress), compute: engine.compute,
      progress: progress)
    let (report, warnings) = try calibrator.write(
      plan, sequences: sequences, to: output, overwrite: true, statePath: statePath)
    return Outcome(
      bytes: try fileBytes(output), errors: report.tensors.map(\.rootMeanSquareError),
      warnings: warnings)
  }

  private func matrices(_ plan: ConversionPlan) -> Int {
    plan.records.count { $0.geometry.type.isQuantized }
  }

  /// The bytes of a state in which everything is rounded and nothing written.
  private func wholeState(_ plan: ConversionPlan, _ sequences: [[Int]]) throws -> [UInt8] {
    let stopper = Stopper(state, growths: 1 + matrices(plan))
    #expect(throws: Interruption.self) { try run(plan, sequences, statePath: state, stopper) }
    return try fileBytes(state)
  }

  /// A run that is stopped after every matrix ends as one that is not.
  @Test(arguments: ["doge-nano", "reference/e6-moe", "reference/e6-bias-f16"])
  func stoppedAfterEach(fixture: String) throws {
    let sequences = try Self.sequences(fixture)
    let plan = try plan(fixture, sequences)
    let full = Work()
    let expected = try run(plan, sequences, statePath: nil, full)
    var size = Self.headerLength
    for number in 0..<matrices(plan) {
      // The header counts as the first run's growth.
      let stopper = Stopper(state, growths: number == 0 ? 2 : 1)
      #expect(throws: Interruption.self) { try run(plan, sequences, statePath: state, stopper) }
      let grown = try #require(FileSystem.size(state))
      #expect(grown > size)
      size = grown
      guard number == matrices(plan) / 2 else { continue }
      let kept = try fileBytes(state)
      let work = Work()
      #expect(try run(plan, sequences, statePath: state, work) == expected)
      #expect(work.done == work.total && work.total < full.total && work.total > 0)
      try folder.write("state", kept)
    }
    let work = Work()
    #expect(try run(plan, sequences, statePath: state, work) == expected)
    #expect(work.done == 0 && work.total == 0)
    #expect(full.done == full.total)
    #expect(!FileSystem.exists(state))
  }

  /// Warnings about what was rounded before are given again.
  @Test func warnings() throws {
    let sequences = [[1, 2, 3]]
    let plan = try plan("reference/e6-moe", sequences)
    let expected = try run(plan, sequences, statePath: nil)
    #expect(expected.warnings.contains { $0.contains("were not chosen by any token") })
    let bytes = try wholeState(plan, sequences)
    #expect(try run(plan, sequences, statePath: state) == expected)
    for part in 1..<8 {
      try folder.write("state", Array(bytes[..<(bytes.count * part / 8)]))
      #expect(try run(plan, sequences, statePath: state) == expected)
    }
  }

  /// A file that was cut anywhere is continued without a word.
  @Test func torn() throws {
    let sequences = try Self.sequences("reference/e6-moe")
    let plan = try plan("reference/e6-moe", sequences)
    let expected = try run(plan, sequences, statePath: nil)
    let bytes = try wholeState(plan, sequences)
    let start = Array(0..<Self.headerLength + 20)
    let lengths = start + Array(stride(from: 53, to: bytes.count, by: bytes.count / 40))
    for length in lengths + [bytes.count - 1] {
      try folder.write("state", Array(bytes[..<length]))
      #expect(try run(plan, sequences, statePath: state) == expected, "\(length) bytes")
    }
  }

  /// Checksums do not make a file trustworthy: what they cover may be nonsense.
  @Test func unsound() throws {
    let sequences = [[1, 2, 3]]
    let plan = try plan("reference/e6-moe", sequences)
    let bytes = try wholeState(plan, sequences)
    let start = Self.headerLength + 16
    func number(at place: Int, count: Int) -> Int {
      bytes[place..<place + count].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    let length = number(at: Self.headerLength + 4, count: 8)
    let tensor = plan.records[number(at: Self.headerLength, count: 4)]
    let codes = start + length - tensor.geometry.elementCount
    // A code that int4 lacks; an infinite scale; a scale that is no number; an error below 0.
    let changes: [(place: Int, new: [UInt8])] = [
      (codes, [8]), (codes - 2 * tensor.geometry.totalScales, [0, 0x7C]),
      (codes - 2 * tensor.geometry.totalScales, [1, 0x7E]), (start + 19, [0xC0]),
    ]
    for (place, new) in changes {
      var unsound = bytes
      unsound.replaceSubrange(place..<place + new.count, with: new)
      let checksum = CRC32.checksum(Array(unsound[start..<start + length]))
      unsound.replaceSubrange(
        start + length..<start + length + 4,
        with: withUnsafeBytes(of: checksum.littleEndian) { [UInt8]($0) })
      try folder.write("state", unsound)
      #expect(
        throws: CalibrationError.badValues(
          path: state, tensor: tensor.name, offset: Self.headerLength)
      ) { try run(plan, sequences, statePath: state) }
    }
  }

  /// What is damaged is rounded again, with a warning.
  @Test func damaged() throws {
    let sequences = try Self.sequences("reference/e6-moe")
    let plan = try plan("reference/e6-moe", sequences)
    let expected = try run(plan, sequences, statePath: nil)
    let bytes = try wholeState(plan, sequences)
    // In the first record: its number, its length, their checksum, its payload; and elsewhere.
    for position in [32, 36, 44, 60, bytes.count / 2, bytes.count - 1] {
      var damaged = bytes
      damaged[position] ^= 0x10
      try folder.write("state", damaged)
      let outcome = try run(plan, sequences, statePath: state)
      #expect(outcome.bytes == expected.bytes && outcome.errors == expected.errors)
      #expect(Array(outcome.warnings.dropFirst()) == expected.warnings)
      #expect(outcome.warnings.first?.contains("is damaged at byte") == true)
    }
  }

  /// The state of another run is refused, and stays as it is.
  @Test func otherRuns() throws {
    let fixture = "reference/e6-moe"
    let sequences = try Self.sequences(fixture)
    let others = try Self.sequences(fixture, seed: 6)
    let bytes = try wholeState(plan(fixture, sequences), sequences)
    let model = "reference/e6-gqa-tied-bf16"
    let runs: [(ConversionPlan, [[Int]], [String])] = [
      (try plan(fixture, others), others, ["other tokens"]),
      (try plan(fixture, sequences, type: .int8), sequences, ["another recipe"]),
      (try plan(fixture, sequences, tuningSteps: 2), sequences, ["another recipe"]),
      (
        try plan(fixture, sequences, toolVersion: "2"), sequences,
        ["another version of the program"]
      ),
      (try plan(model, sequences), sequences, ["another model", "another recipe"]),
    ]
    for (plan, sequences, differences) in runs {
      #expect(throws: CalibrationError.otherRun(path: state, differences: differences)) {
        try run(plan, sequences, statePath: state)
      }
      #expect(try fileBytes(state) == bytes)
    }
  }

  /// A changed weight is another model.
  @Test func otherWeights() throws {
    let sequences = [[1, 2, 3]]
    let source = try plan("reference/e6-moe", sequences)
    _ = try wholeState(source, sequences)
    let copy = try folder.copy(fixture: "reference/e6-moe")
    var weights = try fileBytes(copy + "/model.safetensors")
    weights[weights.count - 2] ^= 1
    try folder.write("checkpoint/model.safetensors", weights)
    let changed = try ConversionPlan(
      source: .open(path: copy), recipe: source.recipe, toolVersion: source.toolVersion)
    #expect(throws: CalibrationError.otherRun(path: state, differences: ["another model"])) {
      try run(changed, sequences, statePath: state)
    }
  }

  /// What is no state is refused, and stays as it is.
  @Test func otherFiles() throws {
    let sequences = [[1, 2, 3]]
    let plan = try plan("reference/e6-moe", sequences)
    let bytes = try wholeState(plan, sequences)
    func refused(_ content: [UInt8], _ error: CalibrationError) throws {
      try folder.write("state", content)
      #expect(throws: error) { try run(plan, sequences, statePath: state) }
      #expect(error.diagnostic.kind == .badData && error.diagnostic.path == state)
      #expect(try fileBytes(state) == content)
    }
    try refused(Array("a text".utf8), .notState(path: state))
    try refused(Array("a text that is longer than a header is".utf8), .notState(path: state))
    try refused(Array(bytes[..<9]) + [9], .notState(path: state))
    var changed = bytes
    changed[8] = 1
    try refused(changed, .stateVersion(path: state, expected: 2, found: 1))
    changed = bytes
    changed[13] ^= 1
    try refused(changed, .notState(path: state))
  }

  /// Tuning starts anew on matrices that are restored.
  @Test func tuned() throws {
    let sequences = try Self.sequences("reference/e6-moe")
    let plan = try plan("reference/e6-moe", sequences, tuningSteps: 2)
    let expected = try run(plan, sequences, statePath: nil)
    _ = try wholeState(plan, sequences)
    #expect(try run(plan, sequences, statePath: state) == expected)
  }
}

/// Stops the work once a file has grown so many times.
private final class Stopper: ProgressSink {
  private let path: String
  private let growths: Int
  private let seen: Mutex<(size: Int, growths: Int)>

  init(_ path: String, growths: Int) {
    self.path = path
    self.growths = growths
    seen = Mutex((FileSystem.size(path) ?? 0, 0))
  }

  func report(_ event: ProgressEvent) {
    // Nothing is appended between two events or questions but one thing.
    seen.withLock { seen in
      let size = FileSystem.size(path) ?? 0
      if size > seen.size { seen = (size, seen.growths + 1) }
    }
  }

  var isCancelled: Bool {
    report(.ended)
    return seen.withLock { $0.growths >= growths }
  }
}

/// Adds up the work of calibrating.
private final class Work: ProgressSink {
  private let sums = Mutex((total: 0, done: 0, isCalibrating: false))

  var total: Int { sums.withLock { $0.total } }
  var done: Int { sums.withLock { $0.done } }

  func report(_ event: ProgressEvent) {
    sums.withLock { sums in
      switch event {
      case .began(let phase, let total, _):
        sums.isCalibrating = phase == "calibrating"
        if sums.isCalibrating { sums.total += total }
      case .advanced(let amount): if sums.isCalibrating { sums.done += amount }
      case .ended: sums.isCalibrating = false
      }
    }
  }
}

extension TensorGeometry {
  /// Scales of all groups, those of padding rows among them.
  fileprivate var totalScales: Int { tileCount * Self.tileRows * groupsPerRow }
}
