import Charts
import Diagnostics
import JSONCore

/// Measurements of quantized models, from a file.
enum QualityPoints {
  /// The chart of a file's points, with an axis above it where one is given.
  ///
  /// - Throws: `QualityPointsError` with what is wrong with the file.
  static func chart(
    of bytes: [UInt8], path: String, title: String, topAxis: ScatterChart.TopAxis? = nil
  ) throws(QualityPointsError) -> ScatterChart {
    let json: JSON
    do throws(JSONError) {
      json = try JSON.parse(bytes)
    } catch {
      throw .json(path: path, error)
    }
    // What `recommend` says has them as its rows, the checkpoint's own type among them.
    let rows = json["rows"]?.arrayValue?.filter { $0["mean_kld"]?.doubleValue != 0 }
    guard let array = json.arrayValue ?? rows else {
      throw .notAnArray(path: path, found: json.kind)
    }
    var names: [ExactText] = []
    var points: [ExactText: [ScatterChart.Point]] = [:]
    for (index, element) in array.enumerated() {
      guard element.objectValue != nil else {
        throw .badElement(
          path: path, "element \(index) is \(element.kind), expected an object")
      }
      let name = ExactText(try text("series", of: element, index, path))
      let point = ScatterChart.Point(
        x: try number("bits_per_weight", of: element, index, path),
        y: try number("mean_kld", of: element, index, path),
        label: try text("label", of: element, index, path),
        error: try error(of: element, index, path))
      if points[name] == nil { names.append(name) }
      points[name, default: []].append(point)
    }
    do throws(ChartError) {
      return try ScatterChart(
        title: title,
        xAxis: .init("bits per weight", detail: "over the whole model"),
        yAxis: .init("mean KL divergence", detail: "nats (lower is better)", .logarithmic),
        topAxis: topAxis,
        series: names.map { .init(name: $0.text, points: points[$0] ?? []) })
    } catch {
      throw .chart(path: path, error)
    }
  }

  private static func text(
    _ key: String, of element: JSON, _ index: Int, _ path: String
  ) throws(QualityPointsError) -> String {
    guard let text = element[key]?.stringValue else {
      throw bad(key, of: element, index, path, expected: "a string")
    }
    return text
  }

  private static func number(
    _ key: String, of element: JSON, _ index: Int, _ path: String
  ) throws(QualityPointsError) -> Double {
    guard let number = element[key]?.doubleValue else {
      throw bad(key, of: element, index, path, expected: "a finite number")
    }
    return number
  }

  private static func error(
    of element: JSON, _ index: Int, _ path: String
  ) throws(QualityPointsError) -> Double {
    guard element["mean_kld_se"] != nil else { return 0 }
    let error = try number("mean_kld_se", of: element, index, path)
    guard (0...1e300).contains(error) else {
      throw bad("mean_kld_se", of: element, index, path, expected: "0 or more")
    }
    return error
  }

  private static func bad(
    _ key: String, of element: JSON, _ index: Int, _ path: String, expected: String
  ) -> QualityPointsError {
    let found = element[key].map { $0.numberValue?.text ?? $0.kind } ?? "missing"
    return .badElement(
      path: path, "\"\(key)\" of element \(index) is \(found), expected \(expected)")
  }
}

/// What is wrong with a file of points.
enum QualityPointsError: Error, Diagnosable {
  case json(path: String, JSONError)
  case notAnArray(path: String, found: String)
  case badElement(path: String, String)
  case chart(path: String, ChartError)

  var diagnostic: Diagnostic {
    switch self {
    case .json(let path, let error): return error.diagnostic(path: path)
    case .notAnArray(let path, let found):
      return Diagnostic(
        .badData, code: "plot.not-an-array", "the file holds \(found), not an array of points",
        path: path, hint: Self.form)
    case .badElement(let path, let message):
      return Diagnostic(
        .badData, code: "plot.bad-point", message, path: path, hint: Self.form)
    case .chart(let path, let error):
      var diagnostic = error.diagnostic
      diagnostic.path = path
      return diagnostic
    }
  }

  private static let form =
    "Give [{\"series\": …, \"label\": …, \"bits_per_weight\": …, \"mean_kld\": …}, …]."
}
