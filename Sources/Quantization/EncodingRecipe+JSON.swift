import JSONCore

extension TensorRule {
  /// The rule in metadata and recipe files.
  package var json: JSON {
    var json = JSONObject([("pattern", JSON(glob.pattern)), ("type", JSON(type.name))])
    json["group_size"] = groupSize.map { JSON($0) }
    return .object(json)
  }
}

extension CalibrationSummary {
  /// The summary in metadata and recipe files.
  package var json: JSON {
    ["sequences": JSON(sequences), "tokens": JSON(tokens), "crc32": JSON(Int(crc32))]
  }
}
