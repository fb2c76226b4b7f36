import Conversion
import Kernels
import KibbleFormat
import ModelFile
import Quantization
import TestSupport
import Testing

/// The same bytes, however the work is done.
@Suite struct DeterminismTests {
  static let fixtures = [
    "reference/e6-gqa-tied-bf16", "reference/e6-moe", "reference/e3-oldnames-f32",
    "reference/e6-bias-f16", "reference/e6-sharded-f32", "cases/odd-shapes",
    "cases/doge2-moe-untied", "cases/doge2-keepwindow", "cases/weights-f64",
    "cases/weights-mixed-unaligned", "cases/rotary-leftovers", "cases/head-duplicate",
  ]

  /// Threads and kernels change nothing.
  @Test(
    arguments: fixtures,
    ["source", "bf16", "int8", "int6", "int5", "int4", "int3", "int2", "int4s"])
  func enginesAgree(fixture: String, type: String) throws {
    let plan = try plan(Fixtures.folder(fixture), recipe(type))
    let expected = try Engine(isa: .scalar, threads: 1).converter().load(plan)
    for engine in Engine.all {
      let (model, report) = try engine.converter().load(plan)
      #expect(model.file.bytes == expected.model.file.bytes, "\(engine.testDescription)")
      for (tensor, other) in zip(report.tensors, expected.report.tensors) {
        #expect(tensor.rootMeanSquareError == other.rootMeanSquareError, "\(tensor.name)")
        #expect(tensor.maxAbsoluteError == other.maxAbsoluteError, "\(tensor.name)")
      }
    }
  }

  /// A float file in between changes nothing.
  @Test(arguments: Fixtures.checkpoints)
  func intermediateFile(fixture: String) throws {
    let folder = try TemporaryFolder()
    let path = Fixtures.folder(fixture)
    for middle in ["source", "f32"] {
      let between = folder.path("\(middle).kibble")
      _ = try converter().write(plan(path, recipe(middle)), to: between)
      for (type, group, method) in [
        ("int4", 32, QuantizationMethod.search), ("int4", 128, .rtn), ("int5", 64, .search),
        ("int6", 32, .rtn), ("int8", 64, .search), ("int3", 64, .search), ("int2", 32, .rtn),
      ] {
        let recipe = try recipe(type, group: group, method)
        let direct = try converter().load(plan(path, recipe)).model.file
        let twoSteps = try converter().load(plan(between, recipe)).model.file
        #expect(direct.bytes == twoSteps.bytes, "\(middle), \(type)")
      }
    }
  }

  /// A large tensor is cut into chunks the same way for any number of threads.
  @Test func manyChunks() throws {
    let plan = try plan(Fixtures.folder("doge-nano"), recipe("int4", .rtn))
    let expected = try Engine(isa: .scalar, threads: 1).converter().load(plan).model.file.bytes
    for threads in [2, 3, 5] {
      let engine = try Engine(isa: #require(InstructionSet.available.last), threads: threads)
      #expect(try engine.converter().load(plan).model.file.bytes == expected)
    }
  }

  /// A file has the bytes that memory has.
  @Test(arguments: ["source", "int8"])
  func fileAndMemory(type: String) throws {
    let folder = try TemporaryFolder()
    let plan = try plan(Fixtures.folder("reference/e6-moe"), recipe(type))
    let report = try converter().write(plan, to: folder.path("a.kibble"))
    let bytes = try fileBytes(folder.path("a.kibble"))
    #expect(try converter().load(plan).model.file.bytes == bytes)
    #expect(report.bytes == bytes.count)
    #expect(plan.fileLength == bytes.count)
    #expect(report.output == folder.path("a.kibble"))
    #expect(try folder.names() == ["a.kibble"])
  }
}
