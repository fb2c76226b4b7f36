import CKernels
import Kernels
import TestSupport
import Testing

/// The kernels between the products: every set, the scalar one included, against plain Swift.
@Suite struct LayerKernelTests {
  /// Numbers as a layer meets them, and some that it should survive.
  private func numbers(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var random = SplitMix(seed)
    let odd: [Float] = [0, -0.0, 57_000, -57_000, 0x1p-133, -0x1p-149, 1, -1, 0x1p-126, 3.5e9]
    return (0..<count).map { _ in
      let isOdd = Int.random(in: 0..<9, using: &random) == 0
      return isOdd ? odd[Int.random(in: 0..<odd.count, using: &random)] : random.normal() * scale
    }
  }

  /// Runs a kernel that changes `values`, and returns what it made of them.
  private func changed(_ values: [Float], _ body: (UnsafeMutablePointer<Float>) -> Void) -> [Float]
  {
    let memory = Guarded(values)
    body(memory.base)
    #expect(memory.isIntact)
    return memory.elements
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func sums(isa: InstructionSet, count: Int) throws {
    let kernels = try kernels(isa)
    let a = Guarded(numbers(count, seed: 1))
    let b = Guarded(numbers(count, seed: 2))
    let dot = kernels.dot(a.base, b.base, UInt32(count))
    #expect(bits([dot]) == bits([laneDot(a.elements, b.elements)]))
    #expect(kernels.dot(a.base, b.base, 0).bitPattern == 0)

    let start = numbers(count, seed: 3)
    let axpy = changed(start) { kernels.axpy(1.7, a.base, UInt32(count), $0) }
    #expect(bits(axpy) == bits(zip(start, a.elements).map { $0.addingProduct(1.7, $1) }))
    let add = changed(start) { kernels.add($0, a.base, UInt32(count)) }
    #expect(bits(add) == bits(zip(start, a.elements).map { $0 + $1 }))
    let gated = changed(start) { kernels.gated_add($0, b.base, a.base, UInt32(count)) }
    let expected = zip(zip(start, b.elements), a.elements).map { pair, a in
      a.addingProduct(pair.1, pair.0)
    }
    #expect(bits(gated) == bits(expected))
    let divided = changed(start) { kernels.divide(a.base, 2.7, UInt32(count), $0) }
    #expect(bits(divided) == bits(a.elements.map { $0 / 2.7 }))
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func rmsNorm(isa: InstructionSet, count: Int) throws {
    let kernels = try kernels(isa)
    let w = Guarded(numbers(count, seed: 4))
    for x in [numbers(count, seed: 5), [Float](repeating: 57_000, count: count)] {
      let eps: Float = 1e-6
      let r = 1 / (laneDot(x, x) / Float(count) + eps).squareRoot()
      let expected = zip(w.elements, x).map { $0 * ($1 * r) }
      let source = Guarded(x)
      let apart = changed([Float](repeating: .nan, count: count)) {
        kernels.rms_norm(source.base, w.base, eps, UInt32(count), $0)
      }
      let inPlace = changed(x) { kernels.rms_norm($0, w.base, eps, UInt32(count), $0) }
      #expect(bits(apart) == bits(expected))
      #expect(bits(inPlace) == bits(expected))
    }
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func rotation(isa: InstructionSet, half: Int) throws {
    let kernels = try kernels(isa)
    let x = numbers(2 * half, seed: 6)
    let cosine = Guarded(numbers(half, seed: 7))
    let sine = Guarded(numbers(half, seed: 8))
    let rotated = changed(x) { kernels.rotate($0, cosine.base, sine.base, UInt32(half)) }
    let (c, s) = (cosine.elements, sine.elements)
    let first = (0..<half).map { (x[$0] * c[$0]).addingProduct(-x[half + $0], s[$0]) }
    let second = (0..<half).map { (x[half + $0] * c[$0]).addingProduct(x[$0], s[$0]) }
    #expect(bits(rotated) == bits(first + second))
  }

  @Test(arguments: InstructionSet.available, edgeSizes)
  func siluAndRelu(isa: InstructionSet, count: Int) throws {
    let kernels = try kernels(isa)
    let up = Guarded(numbers(count, seed: 9))
    let gate = numbers(count, seed: 10, scale: 30)
    let silu = changed(gate) { kernels.activate(Int32(KB_SILU), $0, up.base, UInt32(count)) }
    #expect(bits(silu) == bits(zip(gate, up.elements).map { $0 / (1 + plainExp(-$0)) * $1 }))
    let relu = changed(gate) { kernels.activate(Int32(KB_RELU), $0, up.base, UInt32(count)) }
    #expect(bits(relu) == bits(zip(gate, up.elements).map { ($0 > 0 ? $0 : 0) * $1 }))
  }

  @Test(arguments: InstructionSet.available)
  func gelus(isa: InstructionSet) throws {
    let odd: [Float] = [0, -0.0, 57_000, -57_000]
    let gates = stride(from: Float(-12), to: 12, by: 0.013) + odd
    let ones = Guarded<Float>(repeating: 1, count: gates.count)
    for kind in [KB_GELU, KB_GELU_TANH] {
      let found = try [.scalar, isa].map { isa in
        let kernels = try kernels(isa)
        return changed(gates) { kernels.activate(Int32(kind), $0, ones.base, UInt32(gates.count)) }
      }
      #expect(bits(found[0]) == bits(found[1]))
      for (gate, value) in zip(gates, found[1]) {
        let exact = kind == KB_GELU ? exactGelu(Double(gate)) : exactGeluTanh(Double(gate))
        // One rounding to binary32, and some roundings of binary64 that 1 + erf cannot hide.
        let allowed = 0.501 * Double(Float(exact).ulp) + abs(Double(gate)) * 1e-15
        #expect(abs(Double(value) - exact) <= allowed, "at \(gate)")
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func softmax(isa: InstructionSet) throws {
    let kernels = try kernels(isa)
    for (begin, end) in [
      (0, 1), (0, 2), (0, 15), (0, 16), (0, 17), (0, 33), (0, 64), (0, 300), (1, 2), (15, 16),
      (15, 17), (16, 17), (16, 48), (5, 300), (31, 32), (32, 257), (240, 255),
    ] {
      let padded = (end + 15) / 16 * 16 + 16
      var random = SplitMix(UInt64(begin * 1000 + end))
      let scores = random.normals(padded, scale: 20)
      var mask = random.normals(end, scale: 40).map { min($0, 0) }
      for j in begin..<end where j % 5 == 3 { mask[j] = -.infinity }
      mask[end - 1] = -1
      let masks = Guarded(mask)
      let memory = Guarded(scores)
      let scale: Float = 0.17677669
      let sum = kernels.softmax(
        memory.base, masks.base, scale, UInt32(begin), UInt32(end), UInt32(padded))

      let raw = (0..<end).map { mask[$0].addingProduct(scores[$0], scale) }
      let max = raw[begin...].max() ?? 0
      var expected = [Float](repeating: 0, count: padded)
      var lanes = [Float](repeating: 0, count: 16)
      for j in begin..<end {
        expected[j] = plainExp(raw[j] - max)
        lanes[j % 16] += expected[j]
      }
      #expect(bits(memory.elements) == bits(expected), "\(begin)..<\(end)")
      #expect(bits([sum]) == bits([treeSum(lanes)]), "\(begin)..<\(end)")
      #expect(memory.isIntact)
    }
  }

  /// exp inside the vector kernels, over its whole negative range.
  @Test(arguments: InstructionSet.available)
  func exponentialOfEverySet(isa: InstructionSet) throws {
    let kernels = try kernels(isa)
    let xs = stride(from: UInt32(0x8000_0000), to: 0xc2b0_0000, by: 19_997)
      .map { Float(bitPattern: $0) }
    let arguments = [0] + xs + [-87.33654, -87.3365448, -87.33655, -1e30, -.infinity]
    let padded = arguments.count.roundedUpToLanes
    let scores = Guarded(arguments + [Float](repeating: 0, count: padded - arguments.count))
    let mask = Guarded<Float>(repeating: 0, count: arguments.count)
    _ = kernels.softmax(scores.base, mask.base, 1, 0, UInt32(arguments.count), UInt32(padded))
    #expect(bits(Array(scores.elements.prefix(arguments.count))) == bits(arguments.map(plainExp)))
  }
}

extension Int {
  fileprivate var roundedUpToLanes: Int { (self + 15) / 16 * 16 }
}
