import ByteIO
import Conversion
import Diagnostics
import DogeModel
import Kernels
import ModelFile
import Parallel
import Quantization
import TestSupport
import Testing
import Verification

/// A model whose weights are finite, but whose logits overflow.
@Suite struct NotFiniteTests {
  private static let fixture = "reference/e6-mha-untied-f32"
  private let folder: TemporaryFolder
  private let compute: Compute
  private let good: DogeModel
  private let bad: DogeModel

  init() throws {
    folder = try TemporaryFolder()
    compute = try Compute(threads: 1)
    good = try model(Self.fixture)
    let path = try folder.copy(
      fixture: Self.fixture, setting: "model.norm.weight", to: 3e38)
    let plan = try ConversionPlan(
      source: .open(path: path), recipe: EncodingRecipe(target: .source), toolVersion: "1.2.3")
    bad = DogeModel(try Converter(compute: compute).load(plan).model, compute: compute)
  }

  private var expected: VerificationError {
    .notFinite(path: folder.path("checkpoint"), what: "logits", sequence: 0, position: 0)
  }

  @Test func verifyRefusesBothSides() throws {
    for (reference, candidate) in [(good, bad), (bad, good), (bad, bad)] {
      let verifier = try Verifier(
        reference: reference, candidates: [good, candidate], compute: compute)
      #expect(throws: expected) { try verifier.compare([[1, 2, 3]]) }
    }
  }

  @Test func perplexity() {
    #expect(throws: expected) { try Perplexity(of: bad, on: [[1, 2, 3]], scoring: .all) }
    #expect(expected.diagnostic.kind == .badData)
  }

  @Test func logits() throws {
    for hidden in [false, true] {
      let file = try LogitsFile(model: bad, sequences: [[1, 2]], hidden: hidden)
      let memory = try MemoryBuffer(count: file.fileSize)
      #expect(throws: expected) {
        try file.write(
          to: memory, stepwise: false, routing: .hf, compute: compute, progress: NoProgress())
      }
    }
  }

  @Test func aSingleValueIsFound() throws {
    for value in [Float.nan, .infinity, -.infinity] {
      let matrix = FloatMatrix(rows: 5, columns: 37)
      try matrix.checkFinite(path: "x", compute)
      matrix[3][36] = value
      #expect(
        throws: VerificationError.notFinite(path: "x", what: "logits", sequence: 2, position: 13)
      ) { try matrix.checkFinite(path: "x", sequence: 2, first: 10, compute) }
    }
  }
}
