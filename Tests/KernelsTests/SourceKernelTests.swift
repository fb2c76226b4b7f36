import CKernels
import Kernels
import TestSupport
import Testing

/// Reading source tensors: `widen` and `scan`.
@Suite struct SourceKernelTests {
  private func widened<Element: BitwiseCopyable>(
    _ isa: InstructionSet, _ source: Int, _ elements: [Element], slack: Int
  ) throws -> [Float] {
    let input = Guarded(elements, slack: slack)
    let out = Guarded<Float>(repeating: -7, count: elements.count, slack: 4)
    try kernels(isa).widen(Int32(source), input.base, elements.count, out.base)
    #expect(out.isIntact)
    return out.elements
  }

  @Test(arguments: InstructionSet.available)
  func everyHalfFloat(isa: InstructionSet) throws {
    let patterns = Array(UInt16.min...UInt16.max)
    let f16 = try widened(isa, KB_SOURCE_F16, patterns, slack: 2)
    #expect(bits(f16) == bits(patterns.map { Float(Float16(bitPattern: $0)) }))
    let bf16 = try widened(isa, KB_SOURCE_BF16, patterns, slack: 2)
    #expect(bits(bf16) == bits(patterns.map { Float(bitPattern: UInt32($0) << 16) }))
  }

  @Test(arguments: InstructionSet.available, [0] + edgeSizes)
  func anyCount(isa: InstructionSet, count: Int) throws {
    var random = SplitMix(UInt64(count))
    let halves = (0..<count).map { _ in UInt16.random(in: 0...0x7bff, using: &random) }
    // Any offset in the file, odd ones too.
    for slack in [0, 1, 3, 4] {
      let f16 = try widened(isa, KB_SOURCE_F16, halves, slack: slack)
      #expect(bits(f16) == bits(halves.map { Float(Float16(bitPattern: $0)) }))
      let bf16 = try widened(isa, KB_SOURCE_BF16, halves, slack: slack)
      #expect(bits(bf16) == bits(halves.map { Float(bitPattern: UInt32($0) << 16) }))
      let floats = random.normals(count)
      let f32 = try widened(isa, KB_SOURCE_F32, floats, slack: slack)
      #expect(bits(f32) == bits(floats))
      let doubles = (0..<count).map { index -> Double in
        switch index % 5 {
        // Halfway between floats, tiny, large, just under and over the largest float.
        case 0: return 1 + Double(Int.random(in: 0...99, using: &random)) * 0x1p-23 + 0x1p-24
        case 1: return Double.random(in: 0...1e-40, using: &random)
        case 2: return Double.random(in: -1e38...1e38, using: &random)
        case 3: return index % 2 == 0 ? 0x1.fffffefffffffp127 : -0x1.ffffffp127
        default: return Double.random(in: -1...1, using: &random)
        }
      }
      let f64 = try widened(isa, KB_SOURCE_F64, doubles, slack: slack)
      #expect(bits(f64) == bits(doubles.map { Float($0) }))
    }
  }

  private func scan<Element: BitwiseCopyable>(
    _ isa: InstructionSet, _ source: Int, _ elements: [Element]
  ) throws -> (bad: Int, magnitude: Float) {
    let input = Guarded(elements, slack: MemoryLayout<Element>.size)
    var magnitude: Float = -1
    let bad = try kernels(isa).scan(Int32(source), input.base, elements.count, &magnitude)
    return (bad, magnitude)
  }

  @Test(
    arguments: InstructionSet.available, [0, 1, 15, 16, 17, 300, 1023, 1024, 1025, 2048, 3000])
  func magnitudes(isa: InstructionSet, count: Int) throws {
    var random = SplitMix(UInt64(count))
    let floats = random.normals(count)
    for place in Set([0, 5, count / 2, count - 1]) where (0..<count).contains(place) {
      var floats = floats
      floats[place] = -77
      #expect(try scan(isa, KB_SOURCE_F32, floats) == (count, 77))
      #expect(try scan(isa, KB_SOURCE_F16, floats.map { Float16($0) }) == (count, 77))
      #expect(try scan(isa, KB_SOURCE_F64, floats.map { Double($0) }) == (count, 77))
      #expect(
        try scan(isa, KB_SOURCE_BF16, floats.map { UInt16($0.bitPattern >> 16) }) == (count, 77))
    }
    let zeros = [Float](repeating: -0.0, count: count)
    #expect(try scan(isa, KB_SOURCE_F32, zeros) == (count, 0))
  }

  @Test(arguments: InstructionSet.available, [1, 17, 1024, 1025, 3000])
  func theFirstNumberThatIsNotFinite(isa: InstructionSet, count: Int) throws {
    for place in Set([0, 3, 16, 1023, 1024, 2047, count - 1]) where place < count {
      for wrong in [Float.nan, .infinity, -.infinity] {
        var floats = [Float](repeating: 1, count: count)
        floats[place] = wrong
        floats[count - 1] = wrong
        #expect(try scan(isa, KB_SOURCE_F32, floats).bad == place)
        #expect(try scan(isa, KB_SOURCE_F16, floats.map { Float16($0) }).bad == place)
        #expect(try scan(isa, KB_SOURCE_F64, floats.map { Double($0) }).bad == place)
        let halves = floats.map { UInt16($0.bitPattern >> 16) }
        #expect(try scan(isa, KB_SOURCE_BF16, halves).bad == place)
      }
      // Finite, but not when it is rounded to binary32.
      var doubles = [Double](repeating: 1, count: count)
      doubles[place] = 0x1.ffffffp127
      #expect(try scan(isa, KB_SOURCE_F64, doubles).bad == place)
      doubles[place] = 0x1.fffffefffffffp127
      #expect(try scan(isa, KB_SOURCE_F64, doubles) == (count, .greatestFiniteMagnitude))
    }
  }
}
