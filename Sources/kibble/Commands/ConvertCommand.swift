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
    positionals: [
      .required("CHECKPOINT", "a checkpoint folder, or ORG/NAME in the Hugging Face cache")
    ],
    options: [.output, type, .groupSize, .tensor, .recipe, .saveRecipe, .blobs],
    examples: [
      .init("every tensor as it is", "convert ./Doge-20M -o doge.kibble"),
      .init("eight bits", "convert ./Doge-20M -o doge-int8.kibble --type int8"),
      .init(
        "four bits, the embedding in eight",
        "convert ./Doge-20M -o doge.kibble --type int4 --tensor 'model.embed_tokens.weight=int8'"),
      .init("as a recipe says", "convert ./Doge-20M -o doge.kibble --recipe recipe.json"),
    ],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let request = try arguments.recipeRequest(insteadOf: [Self.type, .groupSize, .tensor]) {
      let target = arguments.value(Self.type).flatMap { TargetType(name: $0) } ?? .source
      return RecipeFile(recipe: try arguments.recipe(target: target, method: .search))
    }
    if let path = request.path, request.file.recipe.method == .gptq {
      throw arguments.invalid(
        .recipe, path, expected: "a recipe that needs no calibration, which quantize has")
    }
    return try writeModel(
      arguments, context, source: arguments.argument(Self.spec.positionals[0]), request)
  }
}

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
    usage: ["MODEL -o FILE --type T [OPTION…]", "MODEL -o FILE --recipe FILE [OPTION…]"],
    positionals: [.model],
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
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    var request = try arguments.recipeRequest(
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
    // Writing a text takes a while, and would be in vain.
    try AtomicFile.check(arguments.outputPath(.output), overwrite: context.force, inputs: [])
    let calibration = try arguments.calibration(for: method, context)
    if let calibration {
      let summary = CalibrationSummary(calibration)
      if let path = request.path, let expected = request.file.recipe.calibration,
        expected != summary
      {
        guard arguments.has(.calibration) else {
          throw UsageError.missingOption(
            "\(OptionSpec.calibration.synopsis) for this recipe", command: Self.spec.name)
        }
        throw QuantizationError.otherCalibration(path: path, recipe: expected, found: summary)
      }
      request.file.recipe.calibration = summary
    }
    return try writeModel(
      arguments, context, source: arguments.argument(.model), request, calibration: calibration,
      calibrationPath: arguments.value(.calibration), statePath: state)
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

/// Converts `source` by a recipe, or says what would be written.
private func writeModel(
  _ arguments: ParsedArguments, _ context: CommandContext, source path: String,
  _ request: RecipeRequest, calibration: [[Int]]? = nil, calibrationPath: String? = nil,
  statePath: String? = nil
) throws -> ExitStatus {
  let started = monotonicSeconds()
  let output = try arguments.outputPath(.output)
  let compressesBlobs = arguments.value(.blobs) != "raw"
  let source = try ModelSource.open(path: path)
  if let statePath, let identity = FileSystem.identity(statePath),
    source.identities.contains(identity)
  {
    throw arguments.invalid(
      .state, statePath, expected: "another file than those of the model '\(escaped(path))'")
  }
  try Calibrator.checkState(statePath)
  let review = try SideFileReview(
    SideFiles(of: source), vocabularySize: source.config.vocabularySize)
  review.warnings.forEach(context.warn)
  let inputs =
    source.identities
    + [request.path, calibrationPath].compactMap { $0.flatMap(FileSystem.identity) }
  for path in [output, request.savePath].compactMap({ $0 }) {
    try AtomicFile.check(path, overwrite: context.force, inputs: inputs)
  }
  var request = request
  var mixed: MixedListing?
  if request.isSearched {
    guard let budget = request.file.budget else { preconditionFailure("mixed has a budget") }
    let found = try Runtime(context).calibrator(context).mixedRecipe(
      for: source, base: request.file.recipe, under: budget,
      groupSizes: arguments.searchedGroupSizes(), sequences: calibration ?? [],
      toolVersion: toolVersion, compressesBlobs: compressesBlobs)
    request.file.recipe = found.plan.recipe
    mixed = MixedListing(found)
  }
  let plan = try request.plan(source, compressesBlobs: compressesBlobs)
  if context.dryRun {
    context.warn(ofCheckpoint: source.warnings)
    let budget = request.file.recipe.target == .packed ? request.file.budget : nil
    try ConversionListing(plan, mixed: mixed, packedUnder: budget).show(context)
    return .success
  }
  let runtime = try Runtime(context)
  let report = try request.saving(overwrite: context.force, inputs: inputs) {
    guard let calibration else {
      return try runtime.converter.write(plan, to: output, overwrite: context.force)
    }
    let calibrator = runtime.calibrator(context)
    let (report, warnings) =
      if request.file.recipe.target == .packed, let budget = request.file.budget {
        try calibrator.writePacked(
          plan, under: budget, sequences: calibration, to: output, overwrite: context.force)
      } else {
        try calibrator.write(
          plan, sequences: calibration, to: output, overwrite: context.force,
          statePath: statePath)
      }
    for warning in warnings {
      context.warn(.init(code: "calibration.warning", warning))
    }
    return report
  }
  context.warn(ofCheckpoint: report.warnings)
  let listing = ConversionListing(
    report, seconds: monotonicSeconds() - started, savedRecipe: request.savePath, mixed: mixed)
  try context.summarize { try listing.show(context) }
  return .success
}
