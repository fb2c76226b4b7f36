import DogeArchitecture
import DogeModel
import Kernels
import Parallel
import TestSupport
import Testing

/// Caches of fewer bits: the same bits on every machine and for any split, and close to float32.
@Suite struct CacheTypeTests {
  static let types = [KVCacheType.f16, .int8]
  static let names = [
    "reference/e6-keepwindow", "reference/e6-sliding", "reference/e6-sliding-keepwindow",
    "reference/e3-oldnames-f32", "reference/e6-headdim", "cases/doge2-keepwindow",
    "cases/odd-shapes",
  ]
  /// Several blocks of the cache, the last one with a few tokens.
  static let length = 2 * CodedKeyValues.blockTokens + 21

  private func with(
    _ type: KVCacheType, _ plain: DogeModel, _ machine: Machine = .plain
  ) throws -> DogeModel {
    DogeModel(
      plain.stored, compute: try Compute(isa: machine.isa, threads: machine.threads),
      cache: type)
  }

  private func best(threads: Int = 1) -> Machine {
    Machine(isa: InstructionSet.available.last ?? .scalar, threads: threads)
  }

  @Test func whatIsKeptByDefault() throws {
    let path = Fixtures.folder("doge-nano")
    let (floats, codes) = (try model(path), try model(path, type: "int4"))
    #expect(floats.cacheType == .f32 && codes.cacheType == .f32)
    let compute = try Compute(threads: 1)
    #expect(DogeModel(codes.stored, compute: compute, mode: .fast).cacheType == .int8)
    #expect(DogeModel(floats.stored, compute: compute, mode: .fast).cacheType == .f32)
    for type in KVCacheType.allCases {
      #expect(
        DogeModel(codes.stored, compute: compute, cache: type).makeCache(maximum: 9).type == type)
    }
  }

  @Test(arguments: names, types)
  func machinesDoNotMatter(_ name: String, _ type: KVCacheType) throws {
    let plain = try model(Fixtures.folder(name))
    let tokens = tokens(150, below: plain.config.vocabularySize)
    let expected = try run(with(type, plain), tokens, calls: [140]).bits
    for machine in Machine.others {
      let bits = try run(with(type, plain, machine), tokens, calls: [140]).bits
      #expect(bits == expected, "\(machine)")
    }
  }

  @Test(arguments: names, types)
  func splitsDoNotMatter(_ name: String, _ type: KVCacheType) throws {
    let plain = try model(Fixtures.folder(name))
    let tokens = tokens(Self.length, below: plain.config.vocabularySize)
    let whole = try run(with(type, plain, best()), tokens).bits
    for threads in [1, 2, 3] {
      let model = try with(type, plain, best(threads: threads))
      for lengths in [[128], [127, 2, 3, 8, 5], [250, 9], [17, 200]] {
        #expect(try run(model, tokens, calls: lengths).bits == whole, "\(threads), \(lengths)")
      }
      #expect(try runStepwise(model, tokens).bits == whole, "\(threads)")
    }
  }

  @Test(arguments: names, types)
  func forgottenTokensLeaveNoTrace(_ name: String, _ type: KVCacheType) throws {
    let model = try with(type, model(Fixtures.folder(name)), best())
    let tokens = tokens(Self.length, below: model.config.vocabularySize)
    let straight = try run(model, tokens).logits
    let cache = model.makeCache(maximum: 2 * tokens.count)
    _ = try run(model, Array(tokens.reversed()), cache: cache)
    cache.truncate(to: 0)
    var logits: [[Float]] = []
    // Each call is behind a draft that was taken back, and one of them a long one.
    for (index, start) in stride(from: 0, to: tokens.count, by: 19).enumerated() {
      let draft = Array(tokens.prefix(index == 11 ? 130 : 5))
      _ = try run(model, draft, cache: cache)
      cache.truncate(to: start)
      let call = Array(tokens[start..<min(start + 19, tokens.count)])
      logits += try run(model, call, cache: cache).logits
    }
    #expect(bits(logits) == bits(straight))
  }

  /// Bands around what was measured on a trained model: above them precision was lost, below them
  /// the cache is not what it is said to be.
  @Test(arguments: types) func closeToFloat32(_ type: KVCacheType) throws {
    let plain = try model(Fixtures.folder("doge-nano"), on: best())
    let tokens = tokens(200, below: plain.config.vocabularySize)
    let exact = try run(plain, tokens).logits
    let difference = largestDifference(try run(with(type, plain, best()), tokens).logits, exact)
    let allowed: ClosedRange<Float> = type == .f16 ? 1e-4...0.02 : 0.01...0.5
    #expect(allowed.contains(difference), "\(difference)")
  }

  @Test func codesTakeLessMemory() throws {
    let plain = try model(Fixtures.folder("doge-nano"))
    let sizes = try KVCacheType.allCases.map { type in
      let model = try with(type, plain)
      let cache = model.makeCache(maximum: 128)
      _ = try run(model, tokens(128, below: 100), cache: cache)
      return cache.byteCount
    }
    #expect(sizes[1] < sizes[0] * 6 / 10)
  }
}
