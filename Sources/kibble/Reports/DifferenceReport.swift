import ByteIO
import Conversion
import Diagnostics
import JSONCore
import Kernels
import ToolSupport

/// The result of `diff`, as text and as JSON.
struct DifferenceReport {
  let paths: [String]
  let difference: ModelDifference
  /// Whether values were compared.
  let hasValues: Bool

  /// The most columns of a member's value on a terminal.
  private static let longestValue = 40

  var json: JSON {
    [
      "schema": "kibble.diff/1", "a": .string(paths[0]), "b": .string(paths[1]),
      "identical": JSON(difference.isEmpty),
      "values_compared": JSON(hasValues),
      "config": .array(difference.config.map(json)),
      "metadata": .array(difference.metadata.map(json)),
      "files": .array(
        difference.files.map {
          [
            "name": .string($0.name), "crc32_a": JSON(checksum: $0.a),
            "crc32_b": JSON(checksum: $0.b),
          ]
        }),
      "tensors": .array(difference.tensors.map(json)),
    ]
  }

  private func json(_ member: ModelDifference.Member) -> JSON {
    ["key": .string(member.key), "a": member.a ?? nil, "b": member.b ?? nil]
  }

  private func json(_ tensor: ModelDifference.Tensor) -> JSON {
    [
      "name": .string(tensor.name), "identical": JSON(!tensor.isDifferent),
      "shape_a": tensor.a.map { JSON($0.shape) } ?? nil,
      "shape_b": tensor.b.map { JSON($0.shape) } ?? nil,
      "type_a": JSON(tensor.a?.type), "type_b": JSON(tensor.b?.type),
      "different_values": JSON(tensor.values?.different),
      "max_abs_diff": JSON(tensor.values?.largest.ifFinite),
      "nmse": JSON(tensor.values?.normalizedSquaredDifference.ifFinite),
    ]
  }

  /// For a terminal of so many columns.
  func text(width: Int) -> String {
    let parts = [
      memberTable("config.json", difference.config), memberTable("metadata", difference.metadata),
      fileTable, tensorTable,
    ]
    var tables = parts.filter { !$0.isEmpty }.map { $0.text(width: width) }
    let others = difference.tensors.count(where: \.isStoredOtherwise)
    if others > 0 { tables.append("the same values in other types: \(others) tensors\n") }
    return (tables + [summary + "\n"]).joined(separator: "\n")
  }

  private func memberTable(_ title: String, _ members: [ModelDifference.Member]) -> TextTable {
    var table = TextTable([.text(title), .text("A"), .text("B")])
    func text(_ value: JSON?) -> String {
      guard let text = value?.serialized() else { return "-" }
      return text.count <= Self.longestValue
        ? text : text.prefix(Self.longestValue - 3) + "..."
    }
    for member in members { table.append([member.key, text(member.a), text(member.b)]) }
    return table
  }

  private var fileTable: TextTable {
    var table = TextTable([.text("file"), .text("CRC-32 in A"), .text("in B")])
    func text(_ checksum: UInt32?) -> String { checksum.map { hexadecimal($0) } ?? "-" }
    for file in difference.files { table.append([file.name, text(file.a), text(file.b)]) }
    return table
  }

  private var tensorTable: TextTable {
    let columns: [TextTable.Column] =
      [.text("tensor"), .text("in A"), .text("in B")]
      + (hasValues ? [.number("max |A - B|"), .number("NMSE")] : [])
    var table = TextTable(columns)
    for tensor in difference.tensors where tensor.isDifferent && !tensor.isStoredOtherwise {
      func side(_ side: ModelDifference.Side?) -> String {
        guard let side else { return "-" }
        let shape = side.shape.map(String.init).joined(separator: " × ")
        return tensor.a?.shape == tensor.b?.shape ? side.type : "\(side.type) \(shape)"
      }
      let values = tensor.values.map {
        [
          NumberFormat.significant($0.largest, 3),
          NumberFormat.significant($0.normalizedSquaredDifference, 3),
        ]
      }
      table.append([tensor.name, side(tensor.a), side(tensor.b)] + (hasValues ? values ?? [] : []))
    }
    return table
  }

  private var summary: String {
    guard !difference.isEmpty else {
      return hasValues ? "no difference" : "no difference, values aside"
    }
    let different = difference.tensors.count(where: \.isDifferent)
    let tensors = "\(different) of \(difference.tensors.count) tensors"
    let others = [
      ("config.json", difference.config.count), ("metadata", difference.metadata.count),
      ("files", difference.files.count),
    ].filter { $0.1 > 0 }.map(\.0)
    return "different: " + ([tensors] + others).joined(separator: ", ")
  }
}

extension ModelDifference.Tensor {
  /// Whether its values are the same, and only their type is not.
  fileprivate var isStoredOtherwise: Bool { a?.type != b?.type && values?.different == 0 }
}

extension Double {
  /// The number, unless it is none that JSON has.
  fileprivate var ifFinite: Double? { isFinite ? self : nil }
}
