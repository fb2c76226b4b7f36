import JSONCore
import TestSupport
import Testing

@Suite struct PlotTests {
  let folder: TemporaryFolder
  let output: String

  init() throws {
    folder = try TemporaryFolder()
    output = folder.path("plot.svg")
  }

  private static let two = """
    [{"series": "kibble", "label": "int4", "bits_per_weight": 4.5, "mean_kld": 5.1e-3, "top1": 1},
     {"series": "ggml", "label": "Q4_0", "bits_per_weight": 4.5, "mean_kld": 0.0155}]
    """

  @Test func aPlot() throws {
    let points = try folder.write("points.json", Self.two)
    let run = try kibble("plot", points, "-o", output, "--title", "Sizes & losses")
    #expect(run.code == 0 && run.errors == "" && run.output.hasPrefix("wrote \(output)"))
    let svg = String(decoding: try folder.read("plot.svg"), as: UTF8.self)
    #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.hasSuffix("</svg>\n"))
    for text in [">int4<", ">Q4_0<", ">kibble<", ">ggml<", ">Sizes &amp; losses<"] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(try kibble("plot", points, "-o", folder.path("again.svg")).code == 0)
    #expect(try kibble("plot", points, "-o", folder.path("third.svg")).code == 0)
    #expect(try folder.read("again.svg") == folder.read("third.svg"))
  }

  @Test func json() throws {
    let points = try folder.write("points.json", Self.two)
    let dry = try kibble("plot", points, "-o", output, "--json", "--dry-run").json
    #expect(dry["output"]?.isNull == true)
    #expect(try folder.names() == ["points.json"])
    let json = try kibble("plot", points, "-o", output, "--json").json
    #expect(json["output"]?.stringValue == output && json["points"]?.intValue == 2)
    #expect(json["series"] == ["kibble", "ggml"] && json["unlabelled"] == [])
    #expect(json["bytes"]?.intValue == (try folder.read("plot.svg").count))
    #expect(json["bytes"] == dry["bytes"])
  }

  /// Night, a narrow page, and what a file of a model of a million weights takes.
  @Test func forms() throws {
    let points = try folder.write("points.json", Self.two)
    func svg(_ options: String...) throws -> String {
      let run = try Program.run(["plot", points, "-o", output, "--force"] + options)
      #expect(run.code == 0 && run.errors == "", "\(run.errors)")
      return String(decoding: try folder.read("plot.svg"), as: UTF8.self)
    }
    let plain = try svg()
    #expect(plain.contains("#ffffff") && plain.contains("viewBox=\"0 0 960 600\""))
    let dark = try svg("--dark")
    #expect(!dark.contains("#ffffff") && dark.contains("#0d1117"))
    #expect(try svg("--width", "360").contains("viewBox=\"0 0 360 480\""))
    #expect(!plain.contains(">MB of"))
    let weights = try svg("--parameters", "1000000")
    #expect(weights.contains(">MB of weights<") && weights.contains(">0.55<"))
    let files = try svg("--parameters", "1000000", "--other-bytes", "1000000")
    #expect(files.contains(">MB of the whole file<") && files.contains(">1.55<"))
    func refused(_ options: String...) throws {
      expectRefusal(
        try Program.run(["plot", points, "-o", output, "--force"] + options), 64, options[0])
    }
    try refused("--other-bytes", "5")
    try refused("--width", "100")
    try refused("--parameters", "0")
  }

  @Test func anExistingOutputNeedsForce() throws {
    let points = try folder.write("points.json", Self.two)
    try folder.write("plot.svg", "old")
    expectRefusal(try kibble("plot", points, "-o", output), 73, output)
    #expect(try folder.read("plot.svg") == Array("old".utf8))
    #expect(try kibble("plot", points, "-o", output, "--force").code == 0)
    #expect(try folder.read("plot.svg").count > 1000)
    expectRefusal(try kibble("plot", points, "-o", points, "--force"), 73, points)
    #expect(try folder.names() == ["plot.svg", "points.json"])
  }

  private static func point(_ y: String, more: String = "") -> String {
    #"[{"series": "s", "label": "p", "bits_per_weight": 4, "mean_kld": \#(y)\#(more)}]"#
  }

  @Test(arguments: [
    ("[\n  {\"series\": }]", "line 2, column 14"), ("[]", "no points"),
    ("{}", "an object, not an array"), ("[3]", "element 0 is a number"),
    (point("0"), "'s p' is 0.0"), (point("-1"), "'s p' is -1.0"), (point("1e999"), "1e999"),
    (point("\"x\""), "\"mean_kld\" of element 0 is a string, expected a finite number"),
    (point("1", more: ", \"mean_kld\": 2"), "occurs twice"),
    (#"[{"label": "p", "bits_per_weight": 4, "mean_kld": 1}]"#, "\"series\" of element 0 is missi"),
  ])
  func filesThatHoldNoPoints(_ text: String, _ mentioned: String) throws {
    let points = try folder.write("points.json", text)
    expectRefusal(try kibble("plot", points, "-o", output), 65, mentioned, points)
    #expect(try folder.names() == ["points.json"])
  }

  @Test func missingFiles() throws {
    expectRefusal(try kibble("plot", folder.path("none.json"), "-o", output), 66, "none.json")
    let points = try folder.write("points.json", Self.two)
    expectRefusal(try kibble("plot", points), 64, "-o FILE")
    expectRefusal(try kibble("plot", points, "-o", folder.path("no/plot.svg")), 73, "no")
  }
}
