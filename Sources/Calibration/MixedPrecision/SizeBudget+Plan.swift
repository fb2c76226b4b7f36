import Conversion
import Quantization

extension SizeBudget {
  /// Whether a file fits.
  func allows(_ plan: ConversionPlan) -> Bool {
    switch self {
    case .fileBytes(let bytes): plan.fileLength <= bytes
    case .bitsPerWeight(let bits): plan.bitsPerWeight <= bits
    }
  }

  /// What a file takes, in the unit of the budget.
  func measure(_ plan: ConversionPlan) -> SizeBudget {
    switch self {
    case .fileBytes: .fileBytes(plan.fileLength)
    case .bitsPerWeight: .bitsPerWeight(plan.bitsPerWeight)
    }
  }

  /// How many bytes are left of the budget; negative where a file is too large.
  func room(beside plan: ConversionPlan) -> Int {
    switch self {
    case .fileBytes(let bytes): return bytes - plan.fileLength
    case .bitsPerWeight(let bits):
      let bytes = (bits - plan.bitsPerWeight) * Double(plan.parameterCount) / 8
      // More than any model takes, and safe to add to.
      return Int(max(-0x1p60, min(0x1p60, bytes.rounded(.down))))
    }
  }
}
