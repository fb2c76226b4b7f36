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

/// `kibble quantize`: a float model in fewer bits.
struct QuantizeCommand: Command {
  static let type = OptionSpec.value(
    "type", "T", "the large matrices' type, where no --recipe gives it",
    choices: WeightType.allCases.filter(\.isQuantized).map(\.name) + ["mixed", "packed"],
    otherNames: OptionSpec.otherTypeNames)

  static let spec = CommandSpec(
    name: "quantize", summary: "store a float model in 2 to 8 bits a weight",
    discussion: [
      "Symmetric, with one scale per row and group of columns: of 16 bits, or of 8 in the types that "
        + "end in s. `search` looks for the scale with "
        + "the least squared error; `rtn` lets the largest weight decide. `gptq` runs the model on "
        + "some text and rounds each matrix so that its outputs change least; --tune then moves "
        + "codes and scales against the model's own logits.",
      "`mixed` measures what each tensor costs in each type and group size, and chooses those that "
        + "cost least under --max-size or --target-bpw. Its method is gptq.",
      "`packed` makes a file for transport, whose codes are entropy-coded: one step for the whole "
        + "model, finer or coarser by what columns and rows are worth, as small as --max-size or "
        + "--target-bpw says. It is decoded to int8 when it is opened, or by `unpack`.",
      "With --state an interrupted calibration continues behind the last matrix that it rounded, "
        + "and ends in the same bytes. The search of `mixed` and --tune start anew; `packed` has none.",
      "Norms, residual gates, A, dt_proj, biases and the router stay f32.",
    ],
    usage: [
      "MODEL -o FILE --type T [OPTION…]", "MODEL -o FILE --recipe FILE [OPTION…]",
      "MODEL OTHER… -o FOLDER --type T [OPTION…]",
    ],
    positionals: [.model, .severalModels],
    options: [
      .output, type, .groupSize, .method, .calibration, .tune, .state, .maxSize,
      .targetBitsPerWeight, .tensor, .recipe, .saveRecipe, .blobs,
    ],
    examples: [
      .init("four bits", "quantize doge.kibble -o doge-int4.kibble --type int4"),
      .init(
        "four bits that keep more of the model",
        "quantize ./Doge-20M -o doge.kibble --type int4 --method gptq --calibration text.txt"),
      .init(
        "the best five bits", "quantize ./Doge-20M -o doge.kibble --type mixed --target-bpw 5"),
      .init(
        "other groups here and there",
        "quantize ./Doge-20M -o doge.kibble --type int4 --tensor '*.up_proj.weight=int4:128'"),
    ],
    writesFile: true, takesEachAlone: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let request = try arguments.recipeRequest(
      insteadOf: [
        Self.type, .groupSize, .method, .tune, .tensor, .maxSize, .targetBitsPerWeight,
      ]
    ) {
      let name = try arguments.required(Self.type)
      guard let target = TargetType(name: name) else {
        throw arguments.invalid(Self.type, name, expected: "a type")
      }
      let budget = try arguments.sizeBudget(for: target)
      if target == .packed { try arguments.refuseForPacked() }
      var recipe = try arguments.recipe(
        target: target, method: arguments.method(for: target))
      recipe.tuningSteps = try arguments.tuningSteps(for: recipe.method)
      return RecipeFile(recipe: recipe, budget: budget)
    }
    let method = request.file.recipe.method
    let state = arguments.value(.state)
    let isPacked = request.file.recipe.target == .packed
    if let state, method != .gptq || isPacked {
      throw arguments.invalid(
        .state, state,
        expected: isPacked ? "another type than packed" : "for --method gptq alone")
    }
    try arguments.checkState()
    let writer = ModelWriter(
      arguments: arguments, context: context, calibrationPath: arguments.value(.calibration))
    return try context.convert(arguments, by: request) { source, output in
      // Writing a text takes a while, and would be in vain.
      try AtomicFile.check(output, overwrite: context.force, inputs: [])
      let calibration = try arguments.calibration(of: source, for: method, context)
      return try writer.write(
        source, to: output, by: request.calibrated(on: calibration, arguments),
        calibration: calibration, statePath: state)
    }
  }
}

extension RecipeRequest {
  /// The request with what it is calibrated on, which must be what its recipe names.
  fileprivate func calibrated(
    on calibration: [[Int]]?, _ arguments: ParsedArguments
  ) throws -> RecipeRequest {
    guard let calibration else { return self }
    let summary = CalibrationSummary(calibration)
    if let path, let expected = file.recipe.calibration, expected != summary {
      guard arguments.has(.calibration) else {
        throw UsageError.missingOption(
          "\(OptionSpec.calibration.synopsis) for this recipe", command: arguments.command.name)
      }
      throw QuantizationError.otherCalibration(path: path, recipe: expected, found: summary)
    }
    var request = self
    request.file.recipe.calibration = summary
    return request
  }
}

extension ParsedArguments {
  /// Refuses what a packed file has no choice of.
  fileprivate func refuseForPacked() throws {
    for (option, only) in [(OptionSpec.groupSize, "32"), (.tune, "0")] where has(option) {
      guard let text = value(option), text != only else { continue }
      throw invalid(option, text, expected: "\(only) with --type packed")
    }
  }

  /// Refuses a `--state` that is another file of the command line.
  fileprivate func checkState() throws {
    guard let state = value(.state) else { return }
    let identity = FileSystem.identity(state)
    for option in [OptionSpec.output, .calibration, .recipe, .saveRecipe] {
      guard let path = value(option) else { continue }
      let isSame = identity.map { $0 == FileSystem.identity(path) } ?? false
      guard isSame || path.place == state.place else { continue }
      throw invalid(.state, state, expected: "another file than that of \(option.spelling)")
    }
  }
}
