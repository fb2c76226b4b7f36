import Quantization
import ToolSupport

extension ParsedArguments {
  /// `--max-size` or `--target-bpw`: one of them with `mixed` and `packed`, none with another type.
  func sizeBudget(for target: TargetType) throws -> SizeBudget? {
    try refuse(.maxSize, with: .targetBitsPerWeight)
    let bytes = try byteCount(.maxSize)
    let bits = try number(.targetBitsPerWeight, in: 1...32)
    guard target.hasBudget else {
      for option in [OptionSpec.maxSize, .targetBitsPerWeight] {
        if let text = value(option) {
          throw invalid(option, text, expected: "for --type mixed and packed alone")
        }
      }
      return nil
    }
    guard let budget = bytes.map(SizeBudget.fileBytes) ?? bits.map(SizeBudget.bitsPerWeight) else {
      throw UsageError.missingOption(
        "\(OptionSpec.maxSize.synopsis) or \(OptionSpec.targetBitsPerWeight.synopsis) with "
          + "--type \(target.name)", command: command.name)
    }
    return budget
  }

  /// `--method`, which is always gptq with `mixed` and `packed`.
  func method(for target: TargetType) throws -> QuantizationMethod {
    guard target.hasBudget else {
      return value(.method).flatMap(QuantizationMethod.init(rawValue:)) ?? .search
    }
    if has(.method), let text = value(.method), text != QuantizationMethod.gptq.rawValue {
      throw invalid(.method, text, expected: "gptq with --type \(target.name)")
    }
    return .gptq
  }

  /// The group sizes that `mixed` chooses from: that of `--group-size`, else all.
  func searchedGroupSizes() throws -> [Int] {
    guard has(.groupSize), let size = try integer(.groupSize) else {
      return EncodingRecipe.groupSizes
    }
    return [size]
  }
}
