import Foundation
import KibbleTool
import TestSupport
import Testing

/// The HTML page of a verification.
@Suite struct PageTests {
  /// With `KIBBLE_WRITE_PAGES=FOLDER` the pages are left there, to be looked at in a browser.
  private func parse(_ page: ReportPage, _ name: String) throws -> XMLTree {
    let html = page.html
    if let folder = ProcessInfo.processInfo.environment["KIBBLE_WRITE_PAGES"] {
      try Data(html.utf8).write(to: URL(fileURLWithPath: folder + "/\(name).html"))
    }
    #expect(html.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">\n"))
    return try XMLTree.parse(html)
  }

  @Test(arguments: [8, 32]) func everySection(_ layers: Int) throws {
    let root = try parse(.sample(layers: layers), "sample-\(layers)")
    #expect(
      root.all("h2").map(\.text) == [
        "Gates", "Models", "Candidates", "Statistics", "Distributions", "Layers", "Tensors",
        "Ablation", "Worst positions", "Perplexity", "Speed and memory", "Self-tests",
        "Environment",
      ])
    #expect(root.all("svg").count == 7)
    for svg in root.all("svg") {
      #expect(svg.attributes["role"] == "img" && svg.attributes["aria-label"] != "")
      #expect(svg.children.prefix(2).map(\.name) == ["title", "desc"])
    }
    for table in root.all("table") {
      let columns = table.all("thead")[0].all("th").count
      #expect(table.all("tbody")[0].children.allSatisfy { $0.children.count == columns })
    }
    #expect(root.all("pre").last?.text == ReportPage.sample(layers: layers).json)
  }

  @Test func whatWasNotMeasuredHasNoSection() throws {
    let page = ReportPage(
      title: "a against b", outcome: .noGates, verdict: "The mean KLD is 0.0049 nats.")
    let root = try parse(page, "minimal")
    #expect(root.all("h2").map(\.text) == ["Environment"])
    #expect(root.all("svg").isEmpty && root.all("table").isEmpty)
  }

  @Test func equalModels() throws {
    var page = ReportPage(title: "a against a", outcome: .passed, verdict: "All gates are kept.")
    page.divergence = ([1e-9, 1e-8], [("exact", [64, 0, 0])])
    page.layers = .init(
      steps: [("layers.0, after attention", "0", 0, 1, .infinity, 0, 0)],
      firstDivergence: "No layer diverges.")
    page.tensors = (["0"], ["q_proj"], [[0]], [], "")
    page.ablation = ("kind", [("q_proj", 0, nil)], "")
    page.logits = ([0, 1], [[0]], "")
    let root = try parse(page, "equal")
    #expect(root.all("svg").isEmpty && root.all("figure").count == 5)
    let caption = root.all("figcaption")[0].text
    #expect(caption.contains("At no position is the KLD 1.0e-09 nats or more"))
    #expect(root.all("td").map(\.text).contains("inf\u{A0}dB"))
  }

  @Test func numbersAreThoseOfTheJSON() throws {
    let cells = try parse(.sample(), "sample").all("td")
    let shown = Dictionary(grouping: cells) { $0.attributes["title"] ?? "" }
      .mapValues { $0[0].text }
    #expect(shown["0.00491170321"] == "0.004912")
    #expect(shown["0.004911703 ± 7.132e-05"] == "0.004912 ±\u{A0}0.000071\u{A0}nats")
    #expect(shown["0.9384765 ± 0.00265"] == "93.85 ±\u{A0}0.27%")
    #expect(shown["311427072 bytes"] == "311.4 MB" && shown["3.1e-05"] == "3.100e-05")
    #expect(cells.contains { $0.text == "≤\u{A0}0.001" })
  }

  @Test func whatWasNotMeasuredFails() throws {
    let rows = try parse(.sample(), "sample").all("table")[0].all("tbody")[0].children
    let texts = rows.map { $0.children.map(\.text) }
    #expect(texts[3] == ["max_layer_error, fast", "–", "≤\u{A0}0.05", "FAILED"])
    #expect(rows[3].children[3].attributes["class"] == "bad")
  }

  @Test func textFromOutsideStaysText() throws {
    let hostile = "</pre></title></style><script>alert(\"1\")</script><b onclick='x'>&amp;]]>"
    let page = ReportPage.sample(text: hostile + "\u{1B}\u{202E}\u{FFFF}")
    let root = try parse(page, "hostile")
    #expect(Set(root.all.map(\.name)) == Set(try parse(.sample(), "sample").all.map(\.name)))
    #expect(root.all.map(\.text).count { $0.contains(hostile) } > 60)
    #expect(!page.html.contains("<script") && !page.html.contains("\u{202E}"))
  }

  @Test func itRunsAndLoadsNothing() throws {
    let root = try parse(.sample(), "sample")
    let policy = root.all("meta").first { $0.attributes["http-equiv"] != nil }
    #expect(policy?.attributes["http-equiv"] == "Content-Security-Policy")
    #expect(
      policy?.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'")
    for element in root.all {
      #expect(!["script", "link", "img", "iframe", "object", "a"].contains(element.name))
      #expect(element.attributes.keys.allSatisfy { !$0.hasPrefix("on") && $0 != "href" })
    }
    let style = root.all("style")[0].text
    #expect(!style.contains("url(") && !style.contains("@import"))
    // Every colour that a drawing asks for is there, by day and by night.
    for name in Set(root.all.flatMap(\.attributes.values).filter { $0.hasPrefix("var(") }) {
      let property = name.dropFirst(4).dropLast() + ": "
      #expect(style.components(separatedBy: property).count == 3, "\(name)")
    }
  }
}
