import Charts

/// The parts of which a page is made.
extension MarkupWriter {
  mutating func section(
    _ heading: String, note: String = "", _ body: (inout MarkupWriter) -> Void
  ) {
    element("section") { writer in
      writer.element("h2", holding: heading)
      writer.note(note)
      body(&writer)
    }
  }

  /// A section of tables; none where there are no tables.
  mutating func section(_ heading: String, tables: [ReportPage.Table?]) {
    let tables = tables.compactMap { $0 }
    guard !tables.isEmpty else { return }
    section(heading) { writer in
      for table in tables { writer.table(table) }
    }
  }

  mutating func note(_ note: String) {
    if !note.isEmpty { element("p", ["class": "faint"], holding: note) }
  }

  /// A chart with its title and what it shows; where it is nil, the reason.
  mutating func figure(_ chart: (any PageChart)?, orElse reason: String) {
    element("figure") { writer in
      writer.element("figcaption") { writer in
        if let chart {
          writer.element("strong", holding: chart.title)
          writer.content(chart.summary)
        } else {
          writer.content(reason)
        }
      }
      chart?.write(to: &writer)
    }
  }

  mutating func facts(_ facts: [ReportPage.Fact]) {
    element("dl") { writer in
      for fact in facts {
        writer.element("div") { writer in
          writer.element("dt", holding: fact.name)
          writer.value("dd", fact.value)
        }
      }
    }
  }

  /// A table in a box of its own, which scrolls where it is wider than the screen.
  mutating func table(_ table: ReportPage.Table) {
    element("div", ["class": "wide", "tabindex": 0]) { writer in
      writer.element("table", table.columns.count > 5 ? ["class": "many"] : [:]) { writer in
        if !table.caption.isEmpty { writer.element("caption", holding: table.caption) }
        writer.element("thead") { writer in
          writer.element("tr") { writer in
            for (index, column) in table.columns.enumerated() {
              let isNumeric = table.rows.contains { index < $0.count && $0[index].isNumeric }
              writer.element(
                "th", ["scope": "col", "class": isNumeric ? "number" : "text"], holding: column)
            }
          }
        }
        writer.element("tbody") { writer in
          for row in table.rows {
            writer.element("tr") { writer in
              for (index, value) in row.enumerated() {
                if index == 0 {
                  writer.element("th", ["scope": "row"], holding: value.shown)
                } else {
                  writer.value("td", value)
                }
              }
            }
          }
        }
      }
    }
    note(table.note)
  }

  private mutating func value(_ name: StaticString, _ value: ReportValue) {
    if let exact = value.exact, exact != value.shown {
      element(name, ["class": value.style, "title": exact], holding: value.shown)
    } else {
      element(name, ["class": value.style], holding: value.shown)
    }
  }

  mutating func worst(_ position: ReportPage.WorstPosition) {
    element("li") { writer in
      let kld = ReportValue.number(position.kld, unit: "nats")
      writer.line("p", ["class": "faint"]) { writer in
        writer.content("KLD ")
        writer.value("strong", kld)
        writer.content(" · sequence \(position.sequence), position \(position.position)")
      }
      writer.line("p", ["class": "excerpt"]) { writer in
        writer.element("bdi", holding: position.before)
        writer.element("mark", holding: position.token)
        if let next = position.next { writer.element("ins", holding: next) }
      }
      writer.element("dl") { writer in
        writer.guess("reference", position.reference, isReference: true)
        writer.guess("candidate", position.candidate, isReference: false)
      }
    }
  }

  private mutating func guess(
    _ name: String, _ guess: ReportPage.WorstPosition.Guess, isReference: Bool
  ) {
    let own = ReportValue.share(isReference ? guess.reference : guess.candidate)
    let other = ReportValue.share(isReference ? guess.candidate : guess.reference)
    element("div") { writer in
      writer.element("dt", holding: name)
      writer.line("dd") { writer in
        writer.element("code", holding: guess.text)
        writer.content(" ")
        writer.value("span", own)
        writer.content(isReference ? " (candidate " : " (reference ")
        writer.value("span", other)
        writer.content(")")
      }
    }
  }
}
