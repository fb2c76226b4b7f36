import Kernels
import Quantization
import TensorCore
import Testing

@Suite struct RecipeTests {
  @Test(arguments: ["source", "f32", "f16", "bf16", "int8", "int6", "int5", "int4", "int3", "int2"])
  func targetNames(name: String) { #expect(TargetType(name: name)?.name == name) }

  @Test(arguments: ["", "Source", "int7", "f64", "q4_0"])
  func otherNamesAreNoTargets(name: String) { #expect(TargetType(name: name) == nil) }

  @Test func defaults() {
    let recipe = EncodingRecipe(target: .weights(.int4))
    #expect(recipe.groupSize == 32)
    #expect(recipe.method == .search)
    #expect(recipe.rules.isEmpty)
    #expect(EncodingRecipe.groupSizes == [32, 64, 128])
  }

  @Test func statisticsAddUp() throws {
    let encoding = Encoding(type: .int4)
    let first = try encoding.encode(Tensor(16, 32, seed: 1)).statistics
    let second = try encoding.encode(Tensor(3, 40, seed: 2, scale: 9)).statistics
    var sum = first
    sum.add(second)
    #expect(sum.count == 16 * 32 + 120)
    #expect(sum.squaredError == first.squaredError + second.squaredError)
    #expect(sum.maxAbsoluteError == max(first.maxAbsoluteError, second.maxAbsoluteError))
    #expect(sum.signalToNoise == sum.squaredValue / sum.squaredError)
    #expect(ErrorStatistics().rootMeanSquare == 0)
  }
}
