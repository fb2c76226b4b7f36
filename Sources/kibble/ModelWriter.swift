import ByteIO
import Calibration
import Conversion
import Diagnostics
import DogeArchitecture
import Generation
import LibC
import ModelFile
import Quantization
import TensorCore
import ToolSupport
import Verification

extension ConversionPlan {
  /// Refuses what no packed file can be: as small as what is in it beside the codes.
  fileprivate func check(packedUnder budget: SizeBudget) throws(ConversionError) {
    let floats = records.reduce(0) {
      $0 + ($1.geometry.type.isQuantized ? 0 : $1.geometry.totalBytes)
    }
    let tensors = records.reduce(0) { $0 + $1.geometry.totalBytes }
    let (least, most): (SizeBudget, Bool) =
      switch budget {
      case .fileBytes(let bytes):
        (.fileBytes(fileLength - tensors + floats), bytes > fileLength - tensors + floats)
      case .bitsPerWeight(let bits):
        (
          .bitsPerWeight(Double(8 * floats) / Double(parameterCount)),
          bits * Double(parameterCount) > Double(8 * floats)
        )
      }
    guard most else { throw .budgetTooSmall(budget, smallest: least) }
  }
}

/// Writes models by a recipe, or says what would be written: what `convert` and `quantize` share.
struct ModelWriter {
  let arguments: ParsedArguments
  let context: CommandContext
  /// The file of `--calibration`, where that is one; no output may replace it.
  var calibrationPath: String?

  /// Converts one model.
  ///
  /// - Parameters:
  ///   - path: the model.
  ///   - output: the file to write.
  ///   - request: the recipe.
  ///   - calibration: what `gptq` rounds with in view.
  ///   - statePath: where a calibration that is interrupted leaves what it has.
  /// - Returns: what was written; with `--dry-run` what would be.
  /// - Throws: what is wrong with model, recipe or output.
  func write(
    _ path: String, to output: String, by request: RecipeRequest, calibration: [[Int]]? = nil,
    statePath: String? = nil
  ) throws -> ConversionListing {
    let started = monotonicSeconds()
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
      if let budget { try plan.check(packedUnder: budget) }
      let forecast = try Runtime(context).converter.forecast(
        plan, tokens: (calibration ?? []).reduce(0) { $0 + $1.count }, clock: monotonicSeconds)
      return ConversionListing(
        plan, mixed: mixed, packedUnder: budget, forecast: forecast,
        available: FileSystem.availableBytes(folder: FileSystem.folder(of: output)))
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
    return ConversionListing(
      report, method: request.file.recipe.method, seconds: monotonicSeconds() - started,
      savedRecipe: request.savePath, mixed: mixed)
  }
}
