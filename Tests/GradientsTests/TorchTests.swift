import DogeModel
import Gradients
import ModelFile
import TestSupport
import Testing

/// Gradients that PyTorch's autograd found through transformers' model; see make_gradients.py.
private struct TorchCase: Sendable, CustomTestStringConvertible {
  let name: String
  let group: String

  var testDescription: String { name }
  var checkpoint: String { group + "/" + name }
  var file: String {
    Fixtures.repository.appending(path: "Tests/GradientsTests/Fixtures/\(name).safetensors").path
  }

  static let scale: Float = 0.125
  static let all =
    [
      "e6-mha-untied-f32", "e6-bias-f16", "e6-sliding-keepwindow", "e6-rope-yarn", "e6-moe",
      "e6-moe-oddN",
    ].map { TorchCase(name: $0, group: "reference") }
    + ["act-gelu-moe", "act-gelu-tanh"].map { TorchCase(name: $0, group: "cases") }
}

@Suite struct TorchTests {
  @Test(arguments: TorchCase.all)
  fileprivate func gradientsAreThoseOfPyTorch(_ torch: TorchCase) throws {
    let golden = try TensorFile(torch.file)
    let tokens = try golden.values("input_ids", as: Int64.self).map { Int($0) }
    let targets = matrix(try golden.rows("targets"))
    let subject = try Subject(torch.checkpoint)
    let model = subject.differentiable()
    let gradients = WeightGradients(for: model, tensors: subject.matrices)

    let kl = try model.addGradient(
      of: tokens, scale: TorchCase.scale, targets: { targets.copy($0) }, to: gradients)

    let expected = try golden.values("kl", as: Double.self)[0]
    #expect(abs(kl - expected) <= 1e-5 * expected)
    for number in subject.matrices {
      let name = subject.stored.tensors[number].name
      let expected = try golden.values(name, as: Float.self)
      let found = try #require(gradients[number]).flat
      let largest = expected.reduce(0) { max($0, abs($1)) }
      let error = zip(expected, found).reduce(0) { max($0, abs($1.0 - $1.1)) } / largest
      // Measured: at most 5.2e-5, with most matrices below 2e-5.
      #expect(error <= 1e-4, "\(name)")
    }
  }
}
