import Charts

extension ReportPage {
  /// The page: one file that needs no other and runs nothing, the same for the same values.
  package var html: String {
    var writer = MarkupWriter("<!DOCTYPE html>\n")
    writer.element("html", ["lang": "en"]) { writer in
      writer.element("head") { writer in
        writer.element("meta", ["charset": "utf-8"])
        writer.element(
          "meta",
          [
            "http-equiv": "Content-Security-Policy",
            "content": "default-src 'none'; style-src 'unsafe-inline'",
          ])
        writer.element(
          "meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        writer.element("title", holding: title)
        writer.style(Ink.styleSheet, Self.styleSheet)
      }
      writer.element("body") { writer in
        drawHeader(&writer)
        writer.element("main") { drawSections(&$0) }
      }
    }
    return writer.text
  }

  private func drawHeader(_ writer: inout MarkupWriter) {
    writer.element("header") { writer in
      writer.element("p", ["class": "faint"], holding: "kibble verify")
      writer.element("h1", holding: title)
      writer.line("p", ["class": "verdict \(outcome)"]) { writer in
        writer.element("strong", holding: outcome.heading)
        writer.content(" " + verdict)
      }
      for warning in warnings {
        writer.line("p", ["class": "warning"]) { writer in
          writer.element("strong", holding: "Warning:")
          writer.content(" " + warning)
        }
      }
    }
  }

  private func drawSections(_ writer: inout MarkupWriter) {
    writer.section("Gates", tables: [gateTable])
    drawModels(&writer)
    writer.section("Candidates", tables: [candidates])
    writer.section("Statistics", tables: statistics)
    drawCharts(&writer)
    drawWorst(&writer)
    writer.section("Perplexity", tables: [perplexity])
    writer.section("Speed and memory", tables: [speed])
    writer.section("Self-tests", tables: [selfTestTable])
    writer.section("Environment") { writer in
      writer.facts(environment)
      writer.element("h3", holding: "Command")
      writer.element("pre", ["class": "wrapped"], holdingLines: command)
      writer.element("details") { writer in
        writer.element("summary", holding: "The whole result as JSON")
        writer.element("pre", ["tabindex": 0], holdingLines: json)
      }
    }
  }

  private func drawModels(_ writer: inout MarkupWriter) {
    guard !models.isEmpty else { return }
    writer.section("Models") { writer in
      writer.element("div", ["class": "grid"]) { writer in
        for model in models {
          writer.element("article", ["class": "card"]) { writer in
            writer.element("h3", holding: model.role)
            writer.element("p", ["class": "path"], holding: model.path)
            writer.facts(model.facts)
          }
        }
      }
    }
  }

  private var gateTable: Table? {
    gates.isEmpty
      ? nil
      : Table(
        columns: ["gate", "value", "limit", "result"],
        rows: gates.map { gate in
          [
            .text("\(gate.name), \(gate.mode)"), gate.value.map { .number($0) } ?? .notMeasured,
            .limit(gate.limit, isLeast: gate.isLeast), .passed(gate.passed),
          ]
        })
  }

  private var selfTestTable: Table? {
    selfTests.isEmpty
      ? nil
      : Table(
        columns: ["test", "result", "value", "limit", "note"],
        rows: selfTests.map {
          [.text($0.name), .passed($0.passed), $0.value, $0.limit, .text($0.note)]
        })
  }

  private func drawWorst(_ writer: inout MarkupWriter) {
    guard !worst.isEmpty else { return }
    writer.section(
      "Worst positions",
      note: "Where the two differ the most, the worst first: the text up to the last token that "
        + "both have seen, what follows in truth, and what either takes for the most likely."
    ) { writer in
      writer.element("ol", ["class": "worst"]) { writer in
        for position in worst { writer.worst(position) }
      }
    }
  }
}

extension ReportPage.Outcome {
  fileprivate var heading: String {
    switch self {
    case .passed: "Passed."
    case .failed: "FAILED."
    case .noGates: "No gates."
    }
  }
}
