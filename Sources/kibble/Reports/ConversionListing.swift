import ByteIO
import Conversion
import Diagnostics
import DogeArchitecture
import JSONCore
import ModelFile
import Quantization
import TensorCore
import ToolSupport

/// What a conversion wrote, or would write, as text and as JSON.
struct ConversionListing {
  private struct Line {
    let name: String
    let sourceName: String
    let shape: [Int]
    let type: String
    let groupSize: Int?
    let bytes: Int
    let report: TensorReport?
    let note: String?
  }

  private let output: String?
  private let bytes: Int
  private let bitsPerWeight: Double
  private let parameters: Int
  private let seconds: Double?
  private let savedRecipe: String?
  /// How scales and codes were chosen; nil where nothing was.
  private let method: QuantizationMethod?
  private let mixed: MixedListing?
  /// Of what is not carried out: what it would need, and how much room there is for the file.
  private let forecast: (needs: ConversionForecast, available: Int?)?
  private let lines: [Line]

  /// The result of a conversion that took so long, where its recipe was saved, and how it was
  /// found.
  init(
    _ report: ConversionReport, method: QuantizationMethod, seconds: Double,
    savedRecipe: String? = nil, mixed: MixedListing? = nil
  ) {
    self.method = method
    output = report.output
    bytes = report.bytes
    bitsPerWeight = report.bitsPerWeight
    parameters = report.parameters
    self.seconds = seconds
    self.savedRecipe = savedRecipe
    self.mixed = mixed
    forecast = nil
    lines = report.tensors.map {
      Line(
        name: $0.name, sourceName: $0.sourceName, shape: $0.shape, type: $0.type.name,
        groupSize: $0.groupSize, bytes: $0.bytes, report: $0, note: $0.note)
    }
  }

  /// A plan that is not carried out; a packed file is as large as its budget allows.
  init(
    _ plan: ConversionPlan, mixed: MixedListing? = nil, packedUnder budget: SizeBudget? = nil,
    forecast: ConversionForecast, available: Int?
  ) {
    output = nil
    let parameters = Double(plan.parameterCount)
    let other = plan.fileLength - Int(plan.bitsPerWeight * parameters / 8)
    switch budget {
    case nil: (bytes, bitsPerWeight) = (plan.fileLength, plan.bitsPerWeight)
    case .fileBytes(let most)?:
      (bytes, bitsPerWeight) = (most, Double(8 * (most - other)) / parameters)
    case .bitsPerWeight(let bits)?:
      (bytes, bitsPerWeight) = (other + Int(bits * parameters / 8), bits)
    }
    self.parameters = plan.parameterCount
    seconds = nil
    savedRecipe = nil
    self.mixed = mixed
    self.forecast = (forecast, available)
    method = nil
    lines = plan.records.map { record in
      let (tensor, geometry) = (plan.tensors[record.tensor], record.geometry)
      return Line(
        name: record.name, sourceName: record.sourceName, shape: record.shape,
        type: geometry.type.name, groupSize: geometry.type.isQuantized ? geometry.groupSize : nil,
        bytes: geometry.totalBytes, report: nil, note: tensor.note)
    }
  }

  /// Prints it as the context wants it.
  func show(_ context: CommandContext) throws {
    if context.json {
      try context.emit(json)
    } else if context.summarizes {
      try context.output.write(text(width: Terminal.outputWidth()))
    }
  }

  var json: JSON {
    let tensors = lines.map { line -> JSON in
      var members = JSONObject([
        ("name", JSON(line.name)), ("shape", JSON(line.shape)), ("type", JSON(line.type)),
        ("group_size", JSON(line.groupSize)), ("bytes", JSON(line.bytes)),
        ("rmse", JSON(line.report?.rootMeanSquareError)),
        ("max_abs_error", JSON(line.report?.maxAbsoluteError)),
        ("sqnr_db", JSON(line.report?.signalToNoiseDecibels)),
        ("cosine", JSON(line.report?.cosine)), ("note", JSON(line.note)),
      ])
      if line.sourceName != line.name { members["source_name"] = JSON(line.sourceName) }
      return .object(members)
    }
    var members = JSONObject([
      ("schema", "kibble.convert/1"), ("output", JSON(output)), ("bytes", JSON(bytes)),
      ("bits_per_weight", JSON(bitsPerWeight)), ("parameters", JSON(parameters)),
      ("peak_rss_bytes", JSON(FileSystem.peakResidentBytes())), ("seconds", JSON(seconds)),
      ("tensors", .array(tensors)),
    ])
    if let forecast {
      members["expected_peak_rss_bytes"] = JSON(forecast.needs.memory)
      members["expected_seconds"] = JSON(forecast.needs.seconds)
      members["available_bytes"] = JSON(forecast.available)
    }
    members["mixed"] = mixed?.json
    members["saved_recipe"] = savedRecipe.map { JSON($0) }
    return .object(members)
  }

  /// The tensors that carry the bulk of the weights, by kind, and the sum of the rest.
  private func text(width: Int) -> String {
    let hasOtherNames = lines.contains { $0.name != $0.sourceName }
    let hasErrors = lines.contains { $0.report != nil }
    var table = TextTable(
      [.text("tensors"), .number("count"), .text("type"), .number("size")]
        + (hasErrors ? [.number("RMSE"), .number("max error"), .number("SQNR")] : [])
        + (hasOtherNames ? [.text("in the checkpoint")] : []))
    for group in groups {
      let reports = group.lines.compactMap(\.report)
      // The root of the mean over equal shapes is that of all values.
      let meanSquare = reports.reduce(0) { $0 + $1.rootMeanSquareError * $1.rootMeanSquareError }
      let worst = reports.map(\.signalToNoiseDecibels).min() ?? .infinity
      let largest = reports.map(\.maxAbsoluteError).max() ?? 0
      let isLossy = meanSquare > 0
      let cells = [
        group.label, "\(group.lines.count)", group.type,
        NumberFormat.bytes(group.lines.reduce(0) { $0 + $1.bytes }),
      ]
      let errors = [
        isLossy
          ? NumberFormat.significant((meanSquare / Double(reports.count)).squareRoot(), 3) : "",
        isLossy ? NumberFormat.significant(largest, 3) : "",
        isLossy ? NumberFormat.fixed(worst, 1) + " dB" : (reports.isEmpty ? "" : "exact"),
      ]
      table.append(
        cells + (hasErrors ? errors : []) + (hasOtherNames ? [group.checkpointLabel] : []))
    }
    let remark =
      method == .gptq
      ? wrapped(Self.gptqRemark, width: width).joined(separator: "\n") + "\n" : ""
    return (mixed.map { $0.text(width: width) + "\n" } ?? "") + table.text(width: width) + remark
      + wrapped((output.map { "wrote \(escaped($0)): " } ?? "would write ") + summary, width: width)
      .joined(separator: "\n") + "\n"
      + (forecast.map { needs($0.needs, available: $0.available, width: width) } ?? "")
      + (savedRecipe.map { "wrote \(escaped($0)): the recipe\n" } ?? "")
  }

  private func needs(_ needs: ConversionForecast, available: Int?, width: Int) -> String {
    let parts = [
      "about \(NumberFormat.bytes(needs.memory)) of memory",
      needs.seconds.map {
        $0 > 0 ? "\(NumberFormat.duration(seconds: $0)) of computing here" : nil
      } ?? "a time that depends on its text, mostly minutes",
      available.map {
        (bytes > $0 ? "more room than the " : "and there are ") + NumberFormat.bytes($0)
          + " that are free there"
      },
    ]
    let text = "would need " + parts.compactMap(\.self).joined(separator: ", ")
    return wrapped(text, width: width).joined(separator: "\n") + "\n"
  }

  private static let gptqRemark =
    "RMSE and SQNR are those of the weights. gptq moves weights away from their nearest codes where "
    + "that brings a matrix's outputs nearer, so that its SQNR is some dB below that of search, and "
    + "the model is better: what counts is verify's KLD."

  /// What it comes to in a line, for the file that it is or would be.
  func line(for path: String) -> String {
    (output == nil ? "would write " : "wrote ") + escaped(path) + ": " + summary
  }

  private var summary: String {
    "\(NumberFormat.bytes(bytes)), \(NumberFormat.fixed(bitsPerWeight, 3)) bits per weight"
      + (seconds.map { " in " + NumberFormat.duration(seconds: $0) } ?? "")
  }

  /// Tensors of one kind that are stored in one way; layers differ by a number only.
  private struct Group {
    let label: String
    let type: String
    var lines: [Line]

    var isSmall: Bool { label == Self.smallLabel }

    /// What the checkpoint calls the tensors, where that is something else.
    var checkpointLabel: String {
      guard !isSmall, let line = lines.first, line.sourceName != line.name else { return "" }
      return line.sourceName.withoutLayerNumber
    }

    static let smallLabel = "norms, gates and the rest"
  }

  /// The groups in the order of their first tensors.
  private var groups: [Group] {
    let showsGroupSize = Set(lines.compactMap(\.groupSize)).count > 1
    var groups: [Group] = []
    for line in lines {
      let isSmall = line.note?.hasPrefix("kept f32") ?? (line.shape.count == 1)
      let label = isSmall ? Group.smallLabel : line.name.withoutLayerNumber
      let type = line.type + (showsGroupSize ? line.groupSize.map { " g\($0)" } ?? "" : "")
      if let index = groups.firstIndex(where: { $0.label == label && $0.type == type }) {
        groups[index].lines.append(line)
      } else {
        groups.append(Group(label: label, type: type, lines: [line]))
      }
    }
    return groups.filter { !$0.isSmall } + groups.filter(\.isSmall)
  }
}

extension String {
  /// `model.layers.7.mlp.up_proj.weight@64` as `layers.*.mlp.up_proj`.
  var withoutLayerNumber: String {
    let parts = prefix { $0 != "@" }.split(separator: ".").map { Int($0) == nil ? String($0) : "*" }
    return parts.filter { $0 != "model" && $0 != "weight" }.joined(separator: ".")
  }
}
