import LibC
import ToolSupport

/// How much of the processors' time the process gets while its threads are busy.
struct ProcessorShare {
  private let threads: Int
  private var used = 0.0
  private var wanted = 0.0

  init(threads: Int) { self.threads = threads }

  /// The share so far; nil before anything was measured.
  var value: Double? { wanted > 0 ? used / wanted : nil }

  /// Below this, others use the processors.
  static let low = 0.9

  /// Runs `body`, during which all threads compute or wait for each other without sleeping.
  mutating func measure<Result>(_ body: () throws -> Result) rethrows -> Result {
    let (wall, processor) = (monotonicSeconds(), processorSeconds())
    let result = try body()
    used += processorSeconds() - processor
    wanted += (monotonicSeconds() - wall) * Double(threads)
    return result
  }
}
