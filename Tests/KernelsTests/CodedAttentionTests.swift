import CKernels
import Kernels
import TestSupport
import Testing

/// Attention to codes of eight bits: every set, the scalar one included, against plain Swift that
/// follows formats/numerics.md, section 7.
@Suite struct CodedAttentionTests {
  static let heads = [8, 32, 64, 100, 128]

  /// A head's values, quantized with one scale.
  private func quantized(_ x: [Float]) -> (codes: [Int8], scale: Float) {
    let a = x.reduce(0) { max($0, abs($1)) }
    let codes = x.map { a < 0x1p-120 ? 0 : Int8(($0 * (127 / a)).rounded(.toNearestOrEven)) }
    let padding = (x.count + 63) / 64 * 64 - x.count
    return (codes + [Int8](repeating: 0, count: padding), a / 127)
  }

  @Test(arguments: InstructionSet.available, [1, 15, 17] + heads)
  func quantizing(isa: InstructionSet, count: Int) throws {
    let kernels = try kernels(isa)
    var random = SplitMix(UInt64(count))
    for scale in [Float(1), 57_000, 0x1p-119, 0x1p-125, 0] {
      let x = Guarded(random.normals(count, scale: scale))
      let expected = quantized(x.elements)
      let codes = Guarded<Int8>(repeating: 99, count: expected.codes.count)
      let found = kernels.quantize_head(x.base, UInt32(count), codes.base)
      #expect(found == expected.scale && codes.elements == expected.codes && codes.isIntact)
    }
    for odd in [Float.nan, .infinity] {
      var values = random.normals(count)
      values[count / 2] = odd
      let x = Guarded(values)
      let codes = Guarded<Int8>(repeating: 99, count: (count + 63) / 64 * 64)
      let scale = kernels.quantize_head(x.base, UInt32(count), codes.base)
      withExtendedLifetime(x) { #expect(!scale.isFinite) }
      #expect(codes.elements.allSatisfy { $0 == 0 })
    }
  }

  /// What a block gives to a query, as section 7 words it.
  private func part(_ block: CodedBlock, _ query: CodedBlock.Query) -> (
    max: Float, weight: Int32, scale: Float, sums: [Int32]
  ) {
    let keys = block.keysThatCount(for: query)
    let scores = keys.map { j -> Float in
      let dot = zip(query.codes, block.keys[j].codes).reduce(0) { $0 + Int32($1.0) * Int32($1.1) }
      return block.masks[query.maskRow][j].addingProduct(
        Float(dot), query.scale * block.keys[j].scale)
    }
    let max = scores.max() ?? -.infinity
    let exponentials = scores.map { plainExp($0 - max) }
    let weight = exponentials.reduce(Int32(0)) {
      $0 + Int32(($1 * 0x1p22).rounded(.toNearestOrEven))
    }
    let products = zip(exponentials, keys).map { $0 * block.values[$1].scale }
    let u = products.max() ?? 0
    let weights = products.map {
      u < 0x1p-110 ? 0 : Int32(($0 * (32767 / u)).rounded(.toNearestOrEven))
    }
    let sums = (0..<block.padded).map { c in
      zip(weights, keys).reduce(Int32(0)) { $0 + $1.0 * Int32(block.values[$1.1].codes[c]) }
    }
    return (max, weight, u / 32767, sums)
  }

  @Test(arguments: InstructionSet.available, heads)
  func attending(isa: InstructionSet, head: Int) throws {
    let kernels = try kernels(isa)
    for seed in 0..<24 {
      var random = SplitMix(UInt64(seed))
      let block = CodedBlock(head: head, maskRows: 1 + seed % 3, &random) { quantized($0) }
      let count = [1, 2, 3, 4, 5, 7, 8, 13][seed % 8]
      let queries = (0..<count).map { _ in
        block.query(kind: seed % 4, &random) { quantized($0) }
      }
      let memory = CodedBlock.Memory(block, queries)
      let parts = Guarded<kb_attention_part>(repeating: kb_attention_part(), count: count)
      let sums = Guarded<Int32>(repeating: 77, count: count * block.padded)
      let bytes = kb_attend_scratch(UInt32(count), UInt32(block.padded))
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
      defer { scratch.deallocate() }
      withUnsafePointer(to: memory.block) {
        kernels.attend($0, memory.queries.base, UInt32(count), scratch, parts.base, sums.base)
      }
      withExtendedLifetime(memory) {}
      for (index, query) in queries.enumerated() {
        let expected = part(block, query)
        let found = parts.elements[index]
        #expect(found.max == expected.max, "seed \(seed), query \(index)")
        guard expected.max > -.infinity else { continue }
        #expect(found.weight == expected.weight && found.scale == expected.scale)
        let own = sums.elements[index * block.padded..<(index + 1) * block.padded]
        #expect(Array(own) == expected.sums, "seed \(seed), query \(index)")
      }
      #expect(parts.isIntact && sums.isIntact)
    }
  }

  /// What is no number in a key or a value is none in the result, and harms no other query.
  @Test(arguments: InstructionSet.available, [true, false])
  func oddScales(isa: InstructionSet, isKey: Bool) throws {
    let kernels = try kernels(isa)
    let odd = isKey ? Float.nan : .infinity
    var random = SplitMix(5)
    var block = CodedBlock(head: 32, maskRows: 1, &random) { quantized($0) }
    if isKey { block.keys[9].scale = odd } else { block.values[9].scale = odd }
    var queries = (0..<3).map { _ in block.query(kind: 0, &random) { quantized($0) } }
    queries[1].seen = block.first + 10..<block.first + 40
    let memory = CodedBlock.Memory(block, queries)
    let parts = Guarded<kb_attention_part>(repeating: kb_attention_part(), count: 3)
    let sums = Guarded<Int32>(repeating: 0, count: 3 * block.padded)
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: kb_attend_scratch(3, UInt32(block.padded)), alignment: 64)
    defer { scratch.deallocate() }
    withUnsafePointer(to: memory.block) {
      kernels.attend($0, memory.queries.base, 3, scratch, parts.base, sums.base)
    }
    withExtendedLifetime(memory) {}
    #expect(parts.elements.map(\.scale.isFinite) == [false, true, false])
    #expect(parts.elements[1].weight == part(block, queries[1]).weight)
  }

  @Test(arguments: InstructionSet.available, heads)
  func merging(isa: InstructionSet, head: Int) throws {
    let kernels = try kernels(isa)
    var random = SplitMix(UInt64(head))
    let padded = (head + 15) / 16 * 16
    let out = Guarded<Float>(repeating: 0, count: padded)
    var state = kb_attention_state(max: -.infinity, weight: 0)
    var expected = (max: -Float.infinity, weight: Float(0), out: [Float](repeating: 0, count: head))
    let scale: Float = 0x1.234p-20
    let maxima: [Float] = [-3, -Float.infinity, 2, 2, -90, 200, 7.5]
    for largest in maxima {
      var part = kb_attention_part(max: largest, scale: scale, weight: 1 << 22)
      let sums = Guarded(
        (0..<(head + 63) / 64 * 64).map { _ in
          Int32.random(in: -1 << 29..<1 << 29, using: &random)
        })
      kernels.merge(&part, sums.base, UInt32(head), &state, out.base)
      if largest > -Float.infinity {
        let merged: Float = max(expected.max, largest)
        let old: Float = plainExp(expected.max - merged)
        let fresh: Float = plainExp(largest - merged)
        let unit: Float = fresh * 0x1p-22
        let scaled: Float = fresh * scale
        expected.weight = (expected.weight * old).addingProduct(0x1p22, unit)
        expected.out = zip(expected.out, sums.elements).map {
          ($0 * old).addingProduct(Float($1), scaled)
        }
        expected.max = merged
      }
      #expect(state.max == expected.max && state.weight == expected.weight)
      #expect(bits(Array(out.elements.prefix(head))) == bits(expected.out))
    }
    #expect(out.isIntact)
  }
}
