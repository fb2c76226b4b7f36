import ByteIO
import Conversion
import Diagnostics
import ModelFile
import Quantization
import ToolSupport

/// The recipe of a run: from options or from a file, and perhaps to be saved.
struct RecipeRequest {
  var file: RecipeFile
  /// `--recipe`: the file that it was read from.
  let path: String?
  /// `--save-recipe`: where it shall be written.
  let savePath: String?

  /// Whether the types are still to be searched.
  var isSearched: Bool { path == nil && file.recipe.target == .mixed }

  /// Plans the conversion; a recipe file that does not fit the model is bad input.
  func plan(_ source: ModelSource, compressesBlobs: Bool) throws -> ConversionPlan {
    do {
      return try ConversionPlan(
        source: source, recipe: file.recipe, toolVersion: toolVersion,
        compressesBlobs: compressesBlobs)
    } catch let error as ConversionError {
      var diagnostic = error.diagnostic
      guard let path, diagnostic.kind == .usage else { throw error }
      diagnostic.kind = .badData
      diagnostic.path = path
      throw diagnostic
    }
  }

  /// Runs `body`, and saves the recipe where that is wanted and all went well.
  ///
  /// The file is complete before `body` begins and gets its name afterwards, so that a full disk
  /// does not leave a model without its recipe.
  func saving<Result>(
    overwrite: Bool, inputs: [FileIdentity], _ body: () throws -> Result
  ) throws -> Result {
    guard let savePath else { return try body() }
    let bytes = Array(file.text.utf8)
    let output = try AtomicFile(
      path: savePath, expectedBytes: bytes.count, overwrite: overwrite, inputs: inputs)
    try output.sink.write(bytes, at: 0)
    let result = try body()
    try output.commit()
    return result
  }
}

extension ParsedArguments {
  /// The recipe of `--recipe`, which excludes `options`, or the one that these make.
  func recipeRequest(
    insteadOf options: [OptionSpec], _ recipe: () throws -> RecipeFile
  ) throws -> RecipeRequest {
    let savePath = value(.saveRecipe)
    if let savePath, savePath.place == (try required(.output)).place {
      throw invalid(.saveRecipe, savePath, expected: "another file than the output")
    }
    guard let path = value(.recipe) else {
      return RecipeRequest(file: try recipe(), path: nil, savePath: savePath)
    }
    for option in options { try refuse(.recipe, with: option) }
    let bytes = try FileSystem.read(path, limit: Limits.recipeFile)
    return RecipeRequest(
      file: try RecipeFile(bytes: bytes, path: path), path: path, savePath: savePath)
  }
}

extension String {
  /// The path with its folder spelled in one way.
  var place: String {
    let folder = FileSystem.folder(of: self)
    return FileSystem.join(FileSystem.realPath(folder) ?? folder, FileSystem.name(of: self))
  }
}
