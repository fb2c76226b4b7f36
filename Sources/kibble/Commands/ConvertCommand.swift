import ByteIO
import Calibration
import Conversion
import Diagnostics
import DogeArchitecture
import Generation
import ModelFile
import Quantization
import TensorCore
import ToolSupport
import Verification

/// `kibble convert`: a checkpoint as a `.kibble` file.
struct ConvertCommand: Command {
  static let type = OptionSpec.value(
    "type", "T", "the type of the large matrices",
    choices: ["source"] + WeightType.allCases.map(\.name), otherNames: OptionSpec.otherTypeNames,
    default: "source")

  static let spec = CommandSpec(
    name: "convert", summary: "turn a checkpoint into a .kibble file",
    discussion: [
      "With --type source each tensor keeps its own float type. With any other, norms, residual "
        + "gates, A, dt_proj, biases and the router stay f32.",
      "The same input and options give the same bytes, whatever the machine; only what zlib makes "
        + "of tokenizer and card depends on its version.",
    ],
    usage: ["CHECKPOINT -o FILE [OPTION…]", "CHECKPOINT OTHER… -o FOLDER [OPTION…]"],
    positionals: [
      .required("CHECKPOINT", "a checkpoint folder, or ORG/NAME in the Hugging Face cache"),
      .severalModels,
    ],
    options: [.output, type, .groupSize, .tensor, .recipe, .saveRecipe, .blobs],
    examples: [
      .init("every tensor as it is", "convert ./Doge-20M -o doge.kibble"),
      .init("eight bits", "convert ./Doge-20M -o doge-int8.kibble --type int8"),
      .init(
        "four bits, the embedding in eight",
        "convert ./Doge-20M -o doge.kibble --type int4 --tensor 'model.embed_tokens.weight=int8'"),
      .init("a family", "convert SmallDoge/Doge-20M SmallDoge/Doge-60M -o models --type int8"),
      .init("as a recipe says", "convert ./Doge-20M -o doge.kibble --recipe recipe.json"),
    ],
    writesFile: true, takesEachAlone: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let request = try arguments.recipeRequest(insteadOf: [Self.type, .groupSize, .tensor]) {
      let target = arguments.value(Self.type).flatMap { TargetType(name: $0) } ?? .source
      return RecipeFile(recipe: try arguments.recipe(target: target, method: .search))
    }
    if let path = request.path, request.file.recipe.method == .gptq {
      throw arguments.invalid(
        .recipe, path, expected: "a recipe that needs no calibration, which quantize has")
    }
    let writer = ModelWriter(arguments: arguments, context: context)
    return try context.convert(arguments, by: request) { source, output in
      try writer.write(source, to: output, by: request)
    }
  }
}
