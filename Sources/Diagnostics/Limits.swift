/// How much a file may ask for; what goes beyond ends with an error that names the limit.
///
/// Files come from strangers, so that no size in one is believed without a bound. All bounds stand
/// here, with formats/limits.md for users; sizes are bytes unless the name says something else.
public enum Limits {
  // JSON
  /// How deep arrays and objects nest.
  public static let jsonDepth = 128
  /// Values and keys of a text that is kept as a tree, which needs far more memory than the text.
  public static let jsonValues = 1 << 19

  // Checkpoints
  /// The header of a safetensors file, by its format.
  public static let safetensorsHeader = 100_000_000
  /// A dimension or an offset in a safetensors file.
  public static let safetensorsSize = (1 << 48) - 1
  /// The name of a tensor in a safetensors file.
  public static let safetensorsName = 1024
  /// Tensors of a safetensors file.
  public static let safetensorsTensors = 1 << 16
  /// config.json.
  public static let configFile = 16 << 20
  /// model.safetensors.index.json.
  public static let indexFile = 64 << 20
  /// A file beside the weights, such as tokenizer.json.
  public static let sideFile = 64 << 20
  /// A model card that is looked into.
  public static let modelCard = 4 << 20
  /// Lines of a model card in which its fields must stand.
  public static let modelCardLines = 1 << 16
  /// Blocks of a model.
  public static let layers = 1 << 10
  /// Tokens of a model.
  public static let vocabulary = 1 << 22
  /// Any other count or width in config.json.
  public static let configSize = 1 << 31

  // NumPy files
  /// The header of an array.
  public static let numpyHeader = 1 << 16
  /// Entries of an archive.
  public static let numpyArrays = 1 << 16

  // .kibble files
  /// Tensors of a file.
  public static let kibbleTensors = 1 << 20
  /// Blobs of a file.
  public static let kibbleBlobs = 1 << 10
  /// The name of a tensor or blob.
  public static let kibbleName = 255
  /// A blob.
  public static let kibbleBlob = 64 << 20
  /// The most bytes that the compressed blobs of a file have together.
  public static let kibbleInflated = 256 << 20

  /// What a packed file may grow to, as a multiple of its bytes.
  public static let packedGrowth = 4096

  // Tokenizers
  /// Bytes of an added token.
  public static let addedToken = 512
  /// Merges.
  public static let merges = (1 << 24) - 1
  /// The id of a token.
  public static let tokenID = (1 << 22) - 2
  /// Bytes of a text that is encoded.
  public static let encodedText = (1 << 31) - 1
  /// What replacing may make of a text: so many times its bytes.
  public static let normalizerFactor = 16
  /// And so many bytes beside.
  public static let normalizerRoom = 1 << 16
  /// Characters of a regular expression.
  public static let patternLength = 10_000
  /// Nested groups of it.
  public static let patternDepth = 100
  /// Instructions that it becomes.
  public static let patternProgram = 20_000

  // Chat templates
  /// Bytes of a template.
  public static let templateSource = 1 << 20
  /// Nested brackets, operators and blocks of a template.
  public static let templateNesting = 60
  /// Nodes that a render evaluates, and work of filters of the same order.
  public static let templateSteps = 5_000_000
  /// Nested evaluation.
  public static let templateDepth = 250
  /// Bytes of the rendered text.
  public static let templateOutput = 16 << 20
  /// Bytes of one string; a sixteenth of it elements of one list.
  public static let templateValue = 16 << 20
  /// Bytes of all strings and lists of a render.
  public static let templateTotal = 256 << 20
  /// Nested lists and mappings.
  public static let templateValueDepth = 160
  /// Numbers of one `range`.
  public static let templateRange = 100_000

  // Inputs of commands
  /// A recipe.
  public static let recipeFile = 16 << 20
  /// A file of token ids.
  public static let tokenFile = 32 << 20
  /// Sequences in a file of token ids.
  public static let tokenSequences = 1 << 20
  /// Tokens of a golden file.
  public static let goldenTokens = 1 << 24
  /// A report of verify that serves as baseline.
  public static let reportFile = 64 << 20
  /// A file of gates.
  public static let gateFile = 1 << 20
  /// A file of points for a plot.
  public static let plotFile = 1 << 20
  /// A text, or a file of JSON lines.
  public static let textFile = 1 << 30
  /// Standard input where it is read whole.
  public static let standardInput = 64 << 20
  /// A line of standard input.
  public static let standardInputLine = 1 << 20
}
