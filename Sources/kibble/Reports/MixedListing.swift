import Calibration
import Conversion
import DogeArchitecture
import JSONCore
import TensorCore
import ToolSupport

/// What a search for a mixed recipe chose, and what other budgets would have given.
package struct MixedListing {
  /// A tensor and its type.
  package struct Choice {
    let name: String
    let type: WeightType
    let bytes: Int
    let parameters: Int

    package init(name: String, type: WeightType, bytes: Int, parameters: Int) {
      self.name = name
      self.type = type
      self.bytes = bytes
      self.parameters = parameters
    }
  }

  private let choices: [Choice]
  private let total: FrontPoint
  private let front: [FrontPoint]
  private let parameters: Int

  /// A listing.
  ///
  /// - Parameters:
  ///   - choices: the searched tensors, in file order.
  ///   - total: the chosen point, with the bytes of all tensors of the model.
  ///   - front: what other budgets would have given, from the smallest to the best.
  ///   - parameters: the weights of the whole model.
  package init(choices: [Choice], total: FrontPoint, front: [FrontPoint], parameters: Int) {
    self.choices = choices
    self.total = total
    self.front = front
    self.parameters = parameters
  }

  /// Lines of the front that are shown.
  private static let frontLines = 12

  package var json: JSON {
    [
      "expected_kld": JSON(total.cost), "tensor_bytes": JSON(total.bytes),
      "front": .array(
        front.map { ["tensor_bytes": JSON($0.bytes), "expected_kld": JSON($0.cost)] }),
    ]
  }

  package func text(width: Int) -> String {
    roleTable.text(width: width) + "\n" + frontTable.text(width: width)
  }

  /// The bytes of each type in each role, and what that is per weight.
  private var roleTable: TextTable {
    let types = WeightType.allCases.filter { type in choices.contains { $0.type == type } }
      .sorted { ($0.bits, $0.rawValue) < ($1.bits, $1.rawValue) }
    var table = TextTable(
      [.text("tensors")] + types.map { .number($0.name) } + [.number("bits/weight")])
    func row(_ label: String, _ choices: [Choice]) {
      let bytes = types.map { type in
        choices.reduce(0) { $0 + ($1.type == type ? $1.bytes : 0) }
      }
      let parameters = choices.reduce(0) { $0 + $1.parameters }
      table.append(
        [label] + bytes.map { $0 == 0 ? "" : NumberFormat.bytes($0) }
          + [bits(bytes.reduce(0, +), of: parameters)])
    }
    var roles: [String] = []
    for role in choices.map(\.name.withoutLayerNumber) where !roles.contains(role) {
      roles.append(role)
    }
    for role in roles { row(role, choices.filter { $0.name.withoutLayerNumber == role }) }
    row("all of them", choices)
    return table
  }

  /// Points of the front that cost half of the one before or less, and the chosen one.
  private var frontTable: TextTable {
    var table = TextTable([
      .number("tensors"), .number("bits/weight"), .number("expected KLD"), .text(""),
    ])
    for point in shownFront {
      table.append([
        NumberFormat.bytes(point.bytes), bits(point.bytes, of: parameters),
        NumberFormat.significant(point.cost, 3), point == total ? "chosen" : "",
      ])
    }
    return table
  }

  private var shownFront: [FrontPoint] {
    var shown = Array(front.prefix(1))
    for point in front where shown.count < Self.frontLines {
      if let last = shown.last, point.cost <= last.cost / 2, point != last { shown.append(point) }
    }
    shown.removeAll { $0 == total }
    let place = shown.firstIndex { $0.bytes >= total.bytes } ?? shown.count
    shown.insert(total, at: place)
    return shown
  }

  private func bits(_ bytes: Int, of parameters: Int) -> String {
    NumberFormat.fixed(Double(bytes) * 8 / Double(max(1, parameters)), 3)
  }
}

extension MixedListing {
  /// What a search found.
  init(_ recipe: MixedRecipe) {
    self.init(
      choices: recipe.choices.map {
        Choice(
          name: $0.name, type: $0.geometry.type, bytes: $0.geometry.totalBytes,
          parameters: $0.geometry.elementCount)
      },
      total: recipe.total, front: recipe.front, parameters: recipe.plan.parameterCount)
  }
}
