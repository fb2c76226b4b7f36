import Kernels
import Quantization
import TensorCore
import Testing

/// Scales at the ends of their range.
@Suite struct ScaleTests {
  private static let all = WeightType.allCases.filter(\.isQuantized).flatMap { type in
    QuantizationMethod.allCases.map { Encoding(type: type, method: $0) }
  }
  /// Those whose scales reach far.
  private static let kinds = all.filter { !$0.type.hasShortScales }

  @Test(arguments: all)
  func groupsOfZeros(encoding: Encoding) throws {
    var tensor = Tensor(16, 96, seed: 1)
    for row in 0..<16 {
      for column in 32..<64 { tensor.values[row * 96 + column] = row % 2 == 0 ? 0 : -0.0 }
    }
    let encoded = try encoding.encode(tensor)
    for row in 0..<16 {
      #expect(encoded.half(row, 1).bitPattern == 0)
      #expect(encoded.half(row, 0) != 0 && encoded.half(row, 2) != 0)
      #expect((32..<64).allSatisfy { encoded.code(row, $0) == 0 } as Bool)
    }
    let zeros = Tensor(16, 96, [Float](repeating: 0, count: 16 * 96))
    let nothing = try encoding.encode(zeros)
    #expect(nothing.units.allSatisfy { $0 == 0 } as Bool)
    #expect(nothing.scales.allSatisfy { $0 == 0 } as Bool)
    #expect(nothing.statistics.squaredError == 0)
    #expect(nothing.statistics.signalToNoise == .infinity)
  }

  /// What rounding to nearest leaves of normal weights with a largest one of 3.6 σ: a step of
  /// 3.6 σ / c over √12, c the largest code; in int2, where most weights become 0, by integration.
  private static func largestError(_ type: WeightType) -> Double {
    switch type {
    case .int2: 0.89
    case .int3: 0.35
    case .int4: 0.15
    case .int5: 0.075
    case .int6: 0.0375
    default: 0.01
    }
  }

  private func relativeError(_ encoded: Encoded, _ tensor: Tensor, row: Int) -> Double {
    var (error, sum) = (0.0, 0.0)
    for (column, value) in tensor.row(row).enumerated() {
      let difference = Double(value) - Double(encoded.value(row, column))
      error += difference * difference
      sum += Double(value) * Double(value)
    }
    return (error / sum).squareRoot()
  }

  /// Whatever a tensor's unit, its relative error is the same, but for how scales are rounded.
  @Test(arguments: kinds, [1e30, 1e-30, 0x1p126, 0x1p-100, 57_000, 1e-8] as [Float])
  func hugeAndTinyTensors(encoding: Encoding, scale: Float) throws {
    let tensor = Tensor(16, 96, seed: 2, scale: 0.25)
    var scaled = tensor
    scaled.values = tensor.values.map { $0 * scale }
    let (plain, found) = (try encoding.encode(tensor), try encoding.encode(scaled))
    for row in 0..<16 {
      let expected = relativeError(plain, tensor, row: row)
      #expect(abs(relativeError(found, scaled, row: row) / expected - 1) < 0.05)
      #expect(expected > 0.001 && expected < Self.largestError(encoding.type))
    }
  }

  /// A power of two changes the exponent and nothing else.
  @Test(arguments: all, [-90, -3, 1, 80])
  func powersOfTwo(encoding: Encoding, power: Int) throws {
    let tensor = Tensor(5, 72, seed: 3)
    var scaled = tensor
    scaled.values = tensor.values.map { $0 * Float(sign: .plus, exponent: power, significand: 1) }
    let (plain, found) = (try encoding.encode(tensor), try encoding.encode(scaled))
    #expect(found.exponent == plain.exponent + power)
    #expect(found.units == plain.units)
    #expect(found.scales == plain.scales)
  }

  /// Groups fifteen binary orders below the largest keep a scale of full precision.
  @Test(arguments: kinds)
  func groupsOfTinyWeights(encoding: Encoding) throws {
    let tensor = Tensor(16, 32, seed: 4)
    var mixed = tensor
    for index in 0..<(15 * 32) { mixed.values[index] = tensor.values[index] * 0x1p-15 }
    let encoded = try encoding.encode(mixed)
    let alone = try encoding.encode(tensor)
    for row in 0..<15 {
      let expected = relativeError(alone, tensor, row: row)
      #expect(abs(relativeError(encoded, mixed, row: row) / expected - 1) < 0.02)
    }
    // Far smaller ones lose it, and become zeros.
    for index in 0..<(15 * 32) { mixed.values[index] = tensor.values[index] * 0x1p-60 }
    let lost = try encoding.encode(mixed)
    #expect(lost.half(0, 0).bitPattern == 0)
    #expect((0..<32).allSatisfy { lost.code(3, $0) == 0 } as Bool)
  }

  @Test(
    arguments: [
      (0, 0), (1, -14), (1.99, -14), (2, -13), (0.5, -15), (57_000, 1), (1e30, 85), (1e-30, -110),
      (.greatestFiniteMagnitude, 113), (.leastNonzeroMagnitude, -110), (0x1p-96, -110),
      (0x1p-95, -109), (0x1.8p-96, -110),
    ] as [(Float, Int)])
  func tensorExponents(magnitude: Float, exponent: Int) {
    #expect(TensorExponent.forMagnitude(magnitude, .int4) == exponent)
    #expect(TensorExponent.range.contains(exponent))
  }

  /// The largest value over the largest code is a scale of 64 to 127, and one that needs more bits
  /// than there are is rounded to the nearest.
  @Test(
    arguments: [
      (0, .int4s, 0), (7 * 127, .int4s, 0), (7 * 127.1, .int4s, 1), (7 * 63.5, .int4s, -1),
      (127 * 127, .int8s, 0), (127, .int2s, 0), (3 * 100, .int3s, 0),
      (.greatestFiniteMagnitude, .int8s, 113), (.greatestFiniteMagnitude, .int4s, 113),
      (1e-38, .int4s, -110),
    ] as [(Float, WeightType, Int)])
  func shortExponents(magnitude: Float, type: WeightType, exponent: Int) {
    #expect(TensorExponent.forMagnitude(magnitude, type) == exponent)
  }

  @Test(
    arguments: [
      (0.4, 0), (-0.4, 0), (2.5, 2), (-3.5, -4), (127.4, 127), (1e9, 127), (-1e9, -127),
    ] as [(Float, Float)])
  func shortScalesAreIntegers(scale: Float, stored: Float) {
    #expect(scale.scale(of: .int4s).bitPattern == stored.bitPattern)
  }

  /// Rounding the scale costs little, since codes are chosen under the rounded one; but with many
  /// codes, part of what a search of fine scales gains.
  @Test(arguments: WeightType.allCases.filter(\.hasShortScales), [32, 64, 128])
  func shortScalesCostLittle(type: WeightType, group: Int) throws {
    let tensor = Tensor(64, 256, seed: 5)
    let plain = try Encoding(type: type.codeType, group: group).encode(tensor)
    let short = try Encoding(type: type, group: group).encode(tensor)
    let ratio = short.statistics.squaredError / plain.statistics.squaredError
    #expect(ratio < (type == .int8s ? 1.25 : type == .int6s ? 1.1 : 1.04))
    #expect(ratio > 0.999)
    let rtn = try Encoding(type: type.codeType, group: group, method: .rtn).encode(tensor)
    #expect(short.statistics.squaredError < rtn.statistics.squaredError)
  }
}
