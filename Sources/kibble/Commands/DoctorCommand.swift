import JSONCore
import Kernels
import Parallel
import ToolSupport

/// `kibble doctor`: what this machine offers.
struct DoctorCommand: Command {
  static let spec = CommandSpec(
    name: "doctor", summary: "show the processor's kernels and threads",
    examples: [.init("what kibble would use here", "doctor")])

  func run(_ arguments: ParsedArguments, _ context: CommandContext) throws -> ExitStatus {
    let runtime = try Runtime(context)
    let threads = runtime.compute.pool.threadCount
    let ping = CorePing.nanoseconds(processors: Runtime.processors)
    if context.json {
      try context.emit([
        "schema": "kibble.doctor/1",
        "available": JSON(InstructionSet.available.map(\.rawValue)),
        "isa": .string(runtime.compute.kernels.isa.rawValue),
        "processors": JSON(Runtime.processors),
        "threads": JSON(threads), "core_ping_nanoseconds": JSON(ping),
      ])
      return .success
    }
    for isa in InstructionSet.allCases {
      let state = isa.isAvailable ? "yes" : "no"
      let mark = isa == runtime.compute.kernels.isa ? "  <- used" : ""
      try context.output.writeLine(
        isa.rawValue + String(repeating: " ", count: 12 - isa.rawValue.count) + state + mark)
    }
    try context.output.writeLine(
      "threads     \(threads) of \(Runtime.processors) processors that may be used")
    if let ping {
      try context.output.writeLine("core ping   \(NumberFormat.nanoseconds(ping)) one way")
    }
    return .success
  }
}
