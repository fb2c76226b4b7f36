import DogeArchitecture
import DogeModel
import Kernels
import KibbleFormat
import ModelFile
import Parallel
import TestSupport
import Testing
import Verification

/// Fast mode: the same bits on every machine, and close to exact mode but not equal to it.
@Suite struct FastModeTests {
  static let types = [
    ("int8", 32), ("int4", 32), ("int4", 128), ("int8", 64), ("int5", 32), ("int5", 128),
    ("int6", 32), ("int6", 64), ("int3", 32), ("int3", 128), ("int2", 32), ("int2", 64),
    ("int4s", 32), ("int4s", 64), ("int8s", 32),
  ]
  static let names = ["doge-nano", "cases/odd-shapes", "cases/doge2-moe-untied"]

  /// A model in both modes, on the same bytes.
  private func models(
    _ path: String, type: String, group: Int = 32, on machine: Machine = .plain
  ) throws -> (exact: DogeModel, fast: DogeModel) {
    let exact = try model(path, type: type, group: group, on: machine)
    let fast = DogeModel(
      exact.stored, compute: try Compute(isa: machine.isa, threads: machine.threads),
      mode: .fast)
    return (exact, fast)
  }

  @Test(arguments: names, types)
  func machinesDoNotMatter(_ name: String, _ type: (String, Int)) throws {
    let plain = try models(Fixtures.folder(name), type: type.0, group: type.1).fast
    let tokens = tokens(37, below: plain.config.vocabularySize)
    let expected = try run(plain, tokens).bits
    for machine in Machine.others {
      let other = DogeModel(
        plain.stored, compute: try Compute(isa: machine.isa, threads: machine.threads),
        mode: .fast)
      #expect(try run(other, tokens).bits == expected, "\(machine)")
    }
  }

  @Test(arguments: names, types)
  func splitsDoNotMatter(_ name: String, _ type: (String, Int)) throws {
    let best = Machine(isa: InstructionSet.available.last ?? .scalar, threads: 1)
    let model = try models(
      Fixtures.folder(name), type: type.0, group: type.1, on: best
    ).fast
    let tokens = tokens(37, below: model.config.vocabularySize)
    let whole = try run(model, tokens, routing: .perToken).bits
    for lengths in [[1], [7, 7, 7], [16, 16], [36], [3, 1, 20]] {
      let split = try run(model, tokens, calls: lengths, routing: .perToken).bits
      #expect(split == whole, "\(lengths)")
    }
    #expect(try runStepwise(model, tokens, routing: .perToken).bits == whole)
  }

  /// Longer than a block of the layers, with calls that end inside of blocks and on their edges.
  @Test(arguments: types) func blocksDoNotMatter(_ type: (String, Int)) throws {
    let block = LayerBuffers.blockTokens
    let path = Fixtures.folder("reference/e6-sliding-keepwindow")
    let best = InstructionSet.available.last ?? .scalar
    for threads in [1, 2, 3] {
      let model = try models(
        path, type: type.0, group: type.1, on: Machine(isa: best, threads: threads)
      ).fast
      let tokens = tokens(2 * block + 11, below: model.config.vocabularySize)
      let whole = try run(model, tokens).bits
      for lengths in [[block], [block + 1], [block - 1, 2, 1]] {
        #expect(try run(model, tokens, calls: lengths).bits == whole, "\(lengths)")
      }
    }
  }

  /// Without matrices of codes there is nothing to be fast about.
  @Test(arguments: names, ["source", "f32", "bf16", "f16"])
  func floatsRunExact(_ name: String, _ type: String) throws {
    let (exact, fast) = try models(Fixtures.folder(name), type: type)
    let tokens = tokens(21, below: exact.config.vocabularySize)
    #expect(try run(fast, tokens).bits == run(exact, tokens).bits)
    #expect(try runStepwise(fast, tokens).bits == runStepwise(exact, tokens).bits)
  }

  @Test(arguments: ["int8", "int6", "int5", "int4", "int3", "int2"])
  func massiveActivationsStayFinite(_ type: String) throws {
    let golden = GoldenCase(name: "cases/massive-activation")
    let tokens = try golden.golden().tokens
    let outcome = try run(try models(golden.folder, type: type).fast, tokens)
    #expect(outcome.hidden.joined().joined().allSatisfy { $0.isFinite })
    #expect(outcome.logits.joined().allSatisfy { $0.isFinite })
  }

  /// A band around what was measured, some 2e-4 for each: above it fast mode has lost precision,
  /// below it activations have more than eight bits.
  @Test(arguments: ["int8", "int6", "int5", "int4", "int3", "int2"])
  func closeToExact(_ type: String) throws {
    let best = Machine(isa: InstructionSet.available.last ?? .scalar, threads: 1)
    let (exact, fast) = try models(Fixtures.folder("doge-nano"), type: type, on: best)
    let vocabulary = exact.config.vocabularySize
    let sequences = (0..<4).map { tokens(64, below: vocabulary, seed: $0) }
    let difference = try Verifier(
      reference: exact, candidates: [fast], compute: Compute(threads: 1)
    ).compare(sequences)[0]
    #expect((5e-5...5e-4).contains(difference.kld.mean.value), "\(difference)")
    #expect(difference.overlap.top1.value >= 0.97, "\(difference)")
  }
}
