import ByteIO
import Charts
import Diagnostics
import JSONCore
import ToolSupport

/// `kibble plot`: what each way of quantizing costs in bytes and in quality, as a drawing.
struct PlotCommand: Command {
  static let points = PositionalSpec.required("POINTS", "a JSON file of measurements")
  static let title = OptionSpec.value(
    "title", "TEXT", "what stands above the plot", default: "Quality per byte")

  static let width = OptionSpec.value(
    "width", "PIXELS", "how wide it is; narrow ones have fewer labels",
    default: "\(ScatterLayout.defaultWidth)")
  static let dark = OptionSpec.flag("dark", "light colours on black")
  static let parameters = OptionSpec.value(
    "parameters", "N", "weights of the model: an axis of sizes stands above the plot")
  static let otherBytes = OptionSpec.value(
    "other-bytes", "N", "with --parameters: bytes of its files beside the weights")

  static let spec = CommandSpec(
    name: "plot", summary: "draw mean KLD over bits per weight as an SVG file",
    discussion: [
      "POINTS holds an array of objects, or an object with one as `rows`, as `recommend` writes it: series, label, bits_per_weight, mean_kld in nats and, where it "
        + "is known, mean_kld_se, of which a bar shows two to either side; other keys are passed over. "
        + "Each series has its own colour and marker, in the order in which the file first names them.",
      "A line joins the points of a series that none of its other points beats in both; the rest "
        + "are hollow. A label that finds no free place is left out.",
    ],
    positionals: [points], options: [.output, title, width, dark, parameters, otherBytes],
    examples: [
      .init("a plot", "plot points.json -o plot.svg"),
      .init("into another program", "plot points.json -o - | rsvg-convert > plot.png"),
      .init("with a title", "plot points.json -o plot.svg --title 'Doge-20M, 8192 tokens'"),
    ],
    writesFile: true)

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let path = try arguments.argument(Self.points)
    let output = try arguments.required(.output)
    let width = try arguments.integer(Self.width, in: ScatterLayout.widths)
    let chart = try QualityPoints.chart(
      of: FileSystem.read(path, limit: Limits.plotFile), path: path,
      title: arguments.value(Self.title) ?? "Quality per byte", topAxis: sizes(arguments))
    let inputs = [path].compactMap(FileSystem.identity)
    let isStream = output == "-"
    if isStream {
      try arguments.refuse(.output, with: .json)
    } else {
      try AtomicFile.check(output, overwrite: context.force, inputs: inputs)
    }
    let layout = ScatterLayout(
      chart, width: width ?? ScatterLayout.defaultWidth,
      ink: arguments.has(Self.dark) ? .darkFile : .file)
    let bytes = Array(layout.svg.utf8)
    for point in layout.unlabelled {
      context.warn(
        .init(code: "plot.no-room", "no room for the label '\(escaped(point.label))'"))
    }
    guard !isStream || context.dryRun else {
      try context.output.write(layout.svg)
      return .success
    }
    if !context.dryRun {
      let file = try AtomicFile(
        path: output, expectedBytes: bytes.count, overwrite: context.force, inputs: inputs)
      try file.sink.write(bytes, at: 0)
      try file.commit()
    }
    try context.summarize {
      if context.json {
        try context.emit([
          "schema": "kibble.plot/1", "output": context.dryRun ? nil : .string(output),
          "bytes": JSON(bytes.count),
          "points": JSON(chart.series.reduce(0) { $0 + $1.points.count }),
          "series": JSON(chart.series.map(\.name)),
          "unlabelled": JSON(layout.unlabelled.map(\.label)),
        ])
      } else if context.summarizes {
        try context.output.writeLine(
          "\(context.dryRun ? "would write" : "wrote") \(output): \(NumberFormat.bytes(bytes.count))"
        )
      }
    }
    return .success
  }

  /// The axis of sizes, in megabytes.
  private func sizes(_ arguments: ParsedArguments) throws -> ScatterChart.TopAxis? {
    let others = try arguments.integer(Self.otherBytes, in: 0...1 << 40)
    guard let weights = try arguments.integer(Self.parameters, in: 1...1 << 40) else {
      guard others == nil else {
        throw arguments.invalid(
          Self.otherBytes, arguments.value(Self.otherBytes) ?? "", expected: "it with --parameters")
      }
      return nil
    }
    return .init(
      others == nil ? "MB of weights" : "MB of the whole file", offset: Double(others ?? 0) / 1e6,
      perUnit: Double(weights) / 8e6)
  }
}
