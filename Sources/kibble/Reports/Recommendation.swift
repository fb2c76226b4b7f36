import Charts
import Conversion
import Diagnostics
import JSONCore
import Quantization
import ToolSupport
import Verification

/// A type that a model was measured in.
struct RecommendedType {
  let type: String
  let groupSize: Int?
  /// Whether the types were chosen for a budget.
  let isMixed: Bool
  let bytes: Int
  let bitsPerWeight: Double
  /// Bytes of weights and cache when it runs.
  let memory: Int
  let tokensPerSecond: Double
  let kld: Estimate
  let top1: Double

  init(
    _ plan: ConversionPlan, _ statistics: ComparisonStatistics, tokensPerSecond: Double, memory: Int
  ) {
    type = plan.recipe.target.name
    groupSize = plan.recipe.target.isQuantized ? plan.recipe.groupSize : nil
    isMixed = plan.recipe.target == .mixed
    bytes = plan.fileLength
    bitsPerWeight = plan.bitsPerWeight
    self.memory = memory
    self.tokensPerSecond = tokensPerSecond
    kld = statistics.kld.mean
    top1 = statistics.overlap.top1.value
  }
}

/// Types side by side, and which of them to use.
struct Recommendation {
  private let path: String
  private let input: VerificationInput
  private let limit: Int?
  /// Bytes of memory that are free here; nil where that is not known.
  private let memory: Int?
  private let rows: [RecommendedType]
  /// Those that no other one beats in size and KLD.
  private let front: Set<Int>
  /// The one to use; nil where none fits.
  let choice: Int?

  /// The mean KLD that a type may have that is recommended for its size, in nats.
  static let enough = 0.01

  /// What makes a file of each type.
  private let commands: [String]

  /// Chooses among types; `budgets` are the bits per weight of the rows that are mixed, in their
  /// order, and `calibration` is the file that they were calibrated on.
  init(
    path: String, input: VerificationInput, limit: Int?, memory: Int?, rows: [RecommendedType],
    budgets: [Double], calibration: String?
  ) {
    self.path = path
    self.input = input
    self.limit = limit
    self.memory = memory
    self.rows = rows
    var budgets = budgets[...]
    commands = rows.map { row in
      let bits = row.isMixed ? budgets.popFirst().map { "\($0)" } : nil
      let name = "doge-\(row.type)" + (bits.map { "-" + $0 } ?? "")
      let verb = row.groupSize == nil && !row.isMixed ? "convert" : "quantize"
      return "kibble \(verb) \(shellWord(path)) -o \(name).kibble --type \(row.type)"
        + (bits.map { " --target-bpw " + $0 } ?? "")
        + (row.isMixed ? calibration.map { " --calibration " + shellWord($0) } ?? "" : "")
    }
    let front = paretoFront(rows.map { Spot(Double($0.bytes), $0.kld.value) })
    self.front = Set(front)
    let fitting = front.filter {
      rows[$0].bytes <= limit ?? .max && rows[$0].memory <= memory ?? .max
    }
    // From left to right: larger files, and less KLD.
    choice =
      limit == nil
      ? fitting.first { rows[$0].kld.value <= Self.enough } ?? fitting.last : fitting.last
  }

  var json: JSON {
    [
      "schema": "kibble.recommend/1", "checkpoint": .string(path),
      "input": .string(input.summary), "tokens": JSON(input.tokenCount), "max_size": JSON(limit),
      "available_memory_bytes": JSON(memory),
      "recommended": JSON(choice.map { rows[$0].type }),
      "command": JSON(choice.map { commands[$0] }),
      "rows": .array(rows.indices.map(json)),
    ]
  }

  private func json(_ index: Int) -> JSON {
    let row = rows[index]
    return [
      "series": row.isMixed ? "mixed" : "search",
      "label": .string(label(of: row)), "type": .string(row.type),
      "group_size": JSON(row.groupSize), "bytes": JSON(row.bytes),
      "bits_per_weight": JSON(row.bitsPerWeight), "memory_bytes": JSON(row.memory),
      "decode_tokens_per_second": JSON(row.tokensPerSecond), "mean_kld": JSON(row.kld.value),
      "mean_kld_se": JSON(row.kld.standardError), "top1_agreement": JSON(row.top1),
      "fits": JSON(fits(row)), "on_front": JSON(front.contains(index)),
      "recommended": JSON(index == choice), "command": .string(commands[index]),
    ]
  }

  /// Whether a file is small enough, and runs here.
  private func fits(_ row: RecommendedType) -> Bool {
    row.bytes <= limit ?? .max && row.memory <= memory ?? .max
  }

  /// The type, of those for a budget with its bits.
  private func label(of row: RecommendedType) -> String {
    row.isMixed ? "mixed \(NumberFormat.fixed(row.bitsPerWeight, 2))" : row.type
  }

  /// For a terminal of so many columns.
  func text(width: Int) -> String {
    var table = TextTable([
      .text("type"), .number("file"), .number("bits"), .number("memory"), .number("tok/s"),
      .number("mean KLD"), .number("top-1"), .text("verdict"),
    ])
    for (index, row) in rows.enumerated() {
      let note =
        index == choice
        ? "<- this one"
        : !fits(row) ? "too large" : front.contains(index) ? "" : "beaten"
      table.append([
        label(of: row), NumberFormat.bytes(row.bytes), NumberFormat.fixed(row.bitsPerWeight, 2),
        NumberFormat.bytes(row.memory), NumberFormat.thousands(Int(row.tokensPerSecond)),
        NumberFormat.significant(row.kld.value, 3),
        NumberFormat.percent(row.top1), note,
      ])
    }
    let heading = "\(escaped(path)) in several types, compared on \(input.summary)"
    return wrapped(heading, width: width).joined(separator: "\n") + "\n\n"
      + table.text(width: width) + "\n" + advice
  }

  private var advice: String {
    guard let choice else {
      return
        "None of them fits. `quantize --type mixed --max-size BYTES` makes smaller files of the\n"
        + "same quality, or says what the smallest one takes.\n"
    }
    return escaped(commands[choice]) + "\n"
  }
}
