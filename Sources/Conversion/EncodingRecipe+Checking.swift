import DogeArchitecture
import Quantization

extension EncodingRecipe {
  /// Checks what can be checked without a model.
  func check() throws(ConversionError) {
    guard Self.groupSizes.contains(groupSize) else { throw .groupSize(groupSize) }
    for rule in rules {
      if rule.type.hasBudget { throw .ruleType(rule: rule.text) }
      guard let size = rule.groupSize else { continue }
      guard rule.type.isQuantized, Self.groupSizes.contains(size) else {
        throw .ruleGroupSize(rule: rule.text)
      }
    }
  }

  /// Checks that every rule has something to do, and that it can be done.
  func check(_ specs: [TensorSpec]) throws(ConversionError) {
    for rule in rules where !specs.contains(where: { rule.glob.matches($0.canonicalName) }) {
      throw .unmatchedRule(
        pattern: rule.glob.pattern, otherSpelling: otherSpelling(in: specs, of: rule.glob))
    }
    for spec in specs where spec.shape.count == 1 {
      guard let rule = rule(for: spec), rule.type.isQuantized else { continue }
      throw .quantizedVector(rule: rule.text, tensor: spec.canonicalName)
    }
  }

  /// The first tensor that a pattern matches in the spelling of older checkpoints.
  private func otherSpelling(
    in specs: [TensorSpec], of glob: Glob
  ) -> ConversionError.Spelling? {
    for spec in specs {
      for naming in CheckpointNaming.allCases where glob.matches(naming.name(of: spec)) {
        return .init(other: naming.name(of: spec), current: spec.canonicalName)
      }
    }
    return nil
  }
}
