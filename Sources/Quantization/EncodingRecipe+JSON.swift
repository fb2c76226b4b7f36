import JSONCore
import TensorCore

extension TensorRule {
  /// The rule in metadata, which leave the order of rows to a blob of its own.
  package var json: JSON { json(order: false) }

  /// The rule in metadata and recipe files.
  func json(order withOrder: Bool) -> JSON {
    var json = JSONObject([("pattern", JSON(glob.pattern)), ("type", JSON(type.name))])
    json["group_size"] = groupSize.map { JSON($0) }
    if case .bands(let bands, let order) = type {
      json["bands"] = .array(bands.map(\.json))
      if withOrder { json["rows"] = order.map { JSON($0.text) } }
    }
    return .object(json)
  }
}

extension RowBand {
  fileprivate var json: JSON {
    ["first_row": JSON(firstRow), "type": JSON(type.name), "group_size": JSON(groupSize)]
  }
}

extension CalibrationSummary {
  /// The summary in metadata and recipe files.
  package var json: JSON {
    ["sequences": JSON(sequences), "tokens": JSON(tokens), "crc32": JSON(checksum: crc32)]
  }
}
